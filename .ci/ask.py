"""Asks a running server the two questions of the README, and stops with a message where an answer is wrong."""

import json
import sys
import urllib.request

QUESTIONS = {
    "/v1/commitments?initiative=compact&kind=procurement": {"acquire-javelin", "acquire-stryker", "acquire-p-8i"},
    "/v1/minerals?used_in=semiconductors": {"gallium", "indium"},
}

for question, expected in QUESTIONS.items():
    with urllib.request.urlopen(sys.argv[1] + question, timeout=10) as reply:
        found = json.load(reply)
    ids = {record["id"] for record in found["data"]}
    if ids != expected or found["meta"]["total"] != len(expected):
        sys.exit(f"{question}: {sorted(ids)} instead of {sorted(expected)}")
    if not all(record["citations"] for record in found["data"]):
        sys.exit(f"{question}: a record without a citation")
    print(f"{question}: {', '.join(sorted(ids))}")
