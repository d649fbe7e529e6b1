"""What is wrong with a seed folder is told with file, line, record and field, all of it, and nothing is changed."""

from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.seeding import Rejected, read
from tests.seeds import ARTICLE, Edit, add_second

COMMITMENTS, MINERALS, TOPICS, SOURCE, PROGRAMS = (
    f"{ARTICLE}/{name}.yaml" for name in ("commitments", "minerals", "topics", "source", "programs")
)
P_8I = "        quantity: {is: 6, relation: additional, as: six additional}     # to a fleet of unstated size\n"
TRADE = 'amount: {is: 500_000_000_000, currency: USD, scope: target, as: "$500 billion"}'
COBALT = "      F099: {topics: critical-minerals}\n"
LAST = "\n- id: a-last-one\n  title: One more\n  kind: cooperation\n"


@dataclass(frozen=True)
class Fault:
    """An edit, and the line, record and field where the loader should see what is wrong."""

    name: str
    edit: Edit
    at: str | None
    """Text of the line in the edited file; null for the first line of the file."""
    record: str | None
    field: str | None
    message: str

    def told(self, root):
        """What should be said of it: file, line, record and field."""
        lines = (root / self.edit.file).read_bytes().decode("utf-8", "replace").split("\n")
        numbers = [number for number, line in enumerate(lines, 1) if self.at and self.at in line]
        assert self.at is None or len(numbers) == 1, f"{self.at!r} stands in {len(numbers)} lines"
        return (self.edit.file, numbers[0] if numbers else 1, self.record, self.field)


def fault(name, file, old, new, at, record, field, message):
    return Fault(name, Edit(file, old, new), at, record, field, message)


def of_p_8i(name, new, at, field, message):
    """In the line of the ledger on P-8I aircraft, another quantity or more fields."""
    return fault(name, COMMITMENTS, P_8I, new, at, "acquire-p-8i", field, message)


P_8I_LINE = "      F165:"
# fmt: off
FAULTS = [
    # YAML
    fault("duplicate key", MINERALS, "  title: Cobalt\n", "  title: Cobalt\n  title: Kobold\n", "Kobold", None, None, "title stands twice"),
    fault("duplicate row in a place", MINERALS, COBALT, COBALT + "      F099: {acronym: CO}\n", "{acronym: CO}", None, None, "F099 stands twice"),
    fault("duplicate key in a line", MINERALS, COBALT, "      F099: {topics: critical-minerals, topics: space}\n", "topics: space", None, None, "topics stands twice"),
    fault("duplicate key in the source", SOURCE, "kind: seed_article\n", "kind: seed_article\nkind: wire\n", "kind: wire", None, None, "kind stands twice"),
    fault("tag", MINERALS, "  title: Cobalt\n", "  title: !!str Cobalt\n", "!!str", None, None, "tag"),
    fault("tag of an object", MINERALS, "  title: Cobalt\n", "  title: !!python/object/apply:os.getcwd []\n", "getcwd", None, None, "tag"),
    fault("anchor", MINERALS, "  title: Cobalt\n", "  title: &title Cobalt\n", "&title", None, None, "anchor"),
    fault("alias", MINERALS, "  title: Cobalt\n", "  title: *title\n", "*title", None, None, "alias"),
    fault("merge key", MINERALS, "  title: Cobalt\n", "  <<: {title: Cobalt}\n", "<<", "cobalt", "<<", "no field <<"),
    fault("empty value", MINERALS, "  title: Cobalt\n", "  title: # Cobalt\n", "# Cobalt", None, None, "missing"),
    fault("empty text", MINERALS, "  title: Cobalt\n", '  title: ""\n', '""', None, None, "missing"),
    fault("blank text", MINERALS, "  title: Cobalt\n", '  title: "  "\n', '"  "', "cobalt", "title", ""),
    fault("broken YAML", MINERALS, "  title: Cobalt\n", "  title: Cobalt: metal\n", "Cobalt: metal", None, None, "not allowed here"),
    fault("control character", MINERALS, "  title: Cobalt\n", "  title: Co\x01balt\n", None, None, None, "is not YAML"),
    fault("several documents", MINERALS, "", "\n---\n- id: nickel\n", "---", None, None, ""),
    fault("deep nesting", MINERALS, "", "\n- " + "[" * 5000 + "\n", None, None, None, "is not YAML"),
    # Files
    fault("unknown file", f"{ARTICLE}/promises.yaml", "", "[]\n", None, None, None, "is not the file of a resource"),
    fault("other ending", f"{ARTICLE}/commitments.yml", "", "[]\n", None, None, None, "is not the file of a resource"),
    fault("file of statements", f"{ARTICLE}/statements.yaml", "", "[]\n", None, None, None, "is not the file of a resource"),
    fault("file of relations", f"{ARTICLE}/relations.yaml", "", "[]\n", None, None, None, "is not the file of a resource"),
    # Records
    fault("no id", TOPICS, "- id: biotechnology\n", "- name: biotechnology\n", "- name: biotechnology", None, "id", "a mapping with an id"),
    fault("id is a list", TOPICS, "- id: biotechnology\n", "- id: [biotechnology]\n", "- id: [biotechnology]", None, "id", "a mapping with an id"),
    fault("record is text", TOPICS, "- id: biotechnology\n", "- radio\n\n- id: biotechnology\n", "- radio", None, "id", "a mapping with an id"),
    fault("bad id", COMMITMENTS, "", LAST.replace("a-last-one", "A_Last") + "  says: {S12.p1: {F171: {}}}\n", "- id: A_Last", "A_Last", "id", "an id is made of"),
    fault("reserved id", COMMITMENTS, "", LAST.replace("a-last-one", "search") + "  says: {S12.p1: {F171: {}}}\n", "- id: search", "search", "id", "reserved"),
    fault("id of a resource", COMMITMENTS, "", LAST.replace("a-last-one", "pillars") + "  says: {S12.p1: {F171: {}}}\n", "- id: pillars", "pillars", "id", "reserved"),
    fault("id of another resource", TOPICS, "- id: biotechnology\n", "- id: stryker\n", "- id: stryker", "stryker", "id", "already one of the equipment"),
    fault("id of a statement", TOPICS, "- id: biotechnology\n", f"- id: {ARTICLE}-f085\n", f"- id: {ARTICLE}-f085", f"{ARTICLE}-f085", "id", "taken by another record"),
    fault("record described twice", COMMITMENTS, "", "\n- title: One more\n  id: robust-supply-chains\n", "  id: robust-supply-chains", "robust-supply-chains", "id", "described twice"),
    fault("unknown field", MINERALS, "  title: Cobalt\n", "  title: Cobalt\n  color: blue\n", "color: blue", "cobalt", "color", "no field color"),
    fault("part without its whole", COMMITMENTS, "", LAST + "  currency: USD\n  says: {S12.p1: {F171: {}}}\n", "  currency: USD", "a-last-one", "currency", "needs a statement"),
    fault("derived field", MINERALS, "  title: Cobalt\n", "  title: Cobalt\n  citations: []\n", "citations", "cobalt", "citations", "worked out"),
    fault("identifiers outside of a reference", MINERALS, "  title: Cobalt\n", "  title: Cobalt\n  identifiers: {cas: 7440-48-4}\n", "identifiers", "cobalt", "identifiers", "no field"),
    fault("url", MINERALS, "  title: Cobalt\n", "  title: Cobalt\n  url: /v1/minerals/cobalt\n", "url:", "cobalt", "url", "no field"),
    fault("said field without a statement", COMMITMENTS, "", LAST + "  due: 2030\n  says: {S12.p1: {F171: {}}}\n", "  due: 2030", "a-last-one", "due", "needs a statement"),
    fault("unknown enum value", MINERALS, "  categories: [battery]\n", "  categories: [batteries]\n", "batteries]", "lithium", "categories", ""),
    fault("missing field", TOPICS, "  title: Biotechnology\n  kind: technology\n", "  title: Biotechnology\n", "- id: biotechnology", "biotechnology", "kind", "missing"),
    fault("dangling link", COMMITMENTS, "", LAST + "  pillar: compact-nothing\n  says: {S12.p1: {F171: {}}}\n", "compact-nothing", "a-last-one", "pillar", "there is no record compact-nothing"),
    fault("link to another resource", COMMITMENTS, "", LAST + "  pillar: gallium\n  says: {S12.p1: {F171: {}}}\n", "pillar: gallium", "a-last-one", "pillar", "is one of the minerals"),
    fault("record without a statement", COMMITMENTS, "", LAST, "- id: a-last-one", "a-last-one", None, ""),
    fault("says is a list", COMMITMENTS, "", LAST + "  says: [F171]\n", "- id: a-last-one", "a-last-one", "says", "must map places to rows"),
    # Reference blocks
    fault("reference to no dataset", MINERALS, "source: reference-elements, symbol: Co", f"source: {ARTICLE}, symbol: Co", "symbol: Co,", "cobalt", "reference", "reference_dataset"),
    fault("reference without a source", MINERALS, "source: reference-elements, symbol: Co", "symbol: Co", "symbol: Co,", "cobalt", "reference", "reference_dataset"),
    fault("bad reference value", MINERALS, "atomic_number: 27", "atomic_number: twenty-seven", "twenty-seven", "cobalt", "atomic_number", ""),
    fault("bad identifier scheme", MINERALS, "cas: 7440-48-4", "c-a-s: 7440-48-4", "c-a-s", "cobalt", "identifiers", ""),
    # Places and rows
    fault("unknown section", MINERALS, "    S7.p4:\n      F107", "    S77.p4:\n      F107", "S77.p4", "gallium", None, "S77.p4 is not a place"),
    fault("paragraph from nought", MINERALS, "    S7.p4:\n      F107", "    S7.p0:\n      F107", "S7.p0", "gallium", None, "is not a place"),
    fault("no place", MINERALS, "    S7.p4:\n      F107", "    page 4:\n      F107", "page 4", "gallium", None, "is not a place"),
    fault("place without rows", MINERALS, "    S7.p1:\n" + COBALT, "    S7.p1: F099\n", "S7.p1: F099", "cobalt", None, "must map rows"),
    fault("bad row", MINERALS, COBALT, "      f099: {topics: critical-minerals}\n", "f099", "cobalt", None, "is not a row"),
    fault("row without fields", MINERALS, COBALT, "      F099: critical-minerals\n", "F099:", "cobalt", None, "must map fields"),
    fault("same row at two places", COMMITMENTS, "      F172: {modality: will}\n", "      F172: {modality: will}\n    S12.p2:\n      F172: {note: again}\n", "note: again", "improve-intelligence-sharing", None, "stands twice"),
    # Lines
    of_p_8i("unknown field in a line", P_8I + "        speed: 900\n", "speed", "speed", "no field speed"),
    of_p_8i("part of a composite in a line", P_8I + "        quantity_relation: exact\n", "quantity_relation", "quantity_relation", "no field"),
    of_p_8i("derived field in a line", P_8I + "        disputed: []\n", "disputed", "disputed", "no field"),
    of_p_8i("unknown key in a value", P_8I.replace("relation:", "ratio:"), "ratio:", "quantity", "ratio"),
    of_p_8i("unknown enum in a value", P_8I.replace("additional,", "extra,"), P_8I_LINE, "quantity_relation", ""),
    of_p_8i("bad number", P_8I.replace("6", "six"), P_8I_LINE, "quantity", ""),
    of_p_8i("no number", P_8I.replace("6", ".nan"), P_8I_LINE, "quantity", ""),
    of_p_8i("infinite number", P_8I.replace("6", "1e999"), P_8I_LINE, "quantity", ""),
    of_p_8i("value missing from a value", P_8I.replace("is: 6, ", ""), P_8I_LINE, "quantity", "needs a value"),
    of_p_8i("unknown modality", P_8I + "        certainty: sure\n", P_8I_LINE, "certainty", ""),
    of_p_8i("dangling link in a line", P_8I + "        minerals: unobtainium\n", P_8I_LINE, "minerals", "no record unobtainium"),
    of_p_8i("link to another resource in a line", P_8I + "        minerals: javelin\n", P_8I_LINE, "minerals", "is one of the equipment"),
    of_p_8i("bad date", P_8I + "        due: 2030-02-30\n", P_8I_LINE, "due", "calendar"),
    of_p_8i("no date", P_8I + "        due: soon\n", P_8I_LINE, "due", "is not a date"),
    of_p_8i("backward interval", P_8I + "        due: 2030/2029\n", P_8I_LINE, "due", "ends before"),
    of_p_8i("again of no row", P_8I + "        again: F999\n", "again: F999", "again", "no earlier row"),
    of_p_8i("again is a list", P_8I + "        again: [F161]\n", "again: [F161]", "again", ""),
    of_p_8i("list in a list", P_8I + "        topics: [[space]]\n", "      F165:", "topics", ""),
    of_p_8i("same item twice", P_8I + "        topics: [space, space]\n", P_8I_LINE, "topics", "two values would be statement"),
    of_p_8i("empty list", P_8I + "        topics: []\n", "      F165:", "topics", ""),
    of_p_8i("such_as false", P_8I + "        such_as: no\n", P_8I_LINE, "quantity", "such_as"),
    fault("dangling relation", COMMITMENTS, P_8I, P_8I + "        complements: nothing\n", P_8I_LINE, "acquire-p-8i-complements-nothing", "complements", "no record nothing"),
    of_p_8i("dangling answer", P_8I + "        answers: {no-statement: contradicts}\n", P_8I_LINE, "quantity", "no-statement"),
    of_p_8i("unknown answer", P_8I + f"        answers: {{{ARTICLE}-f161-equipment: denies}}\n", "denies", "kind", "contradicts"),
    of_p_8i("answers is text", P_8I + "        answers: nothing\n", P_8I_LINE, "answers", "must map"),
    of_p_8i("status on no day", P_8I + "        status: {is: approved, as_of: soon}\n", P_8I_LINE, "status", "is not a date"),
    fault("unknown role", COMMITMENTS, "participants: {autonomous-systems-industry-alliance: implementer}", "participants: {autonomous-systems-industry-alliance: maker}", "maker", "co-develop-autonomous-underwater-systems", "role", ""),
    fault("participant of nowhere", COMMITMENTS, "participants: {united-states: supporter}", "participants: {atlantis: supporter}", "      F087:", "us-support-for-ncmm", "participants", "no record atlantis"),
    fault("participant without a role", COMMITMENTS, "participants: {united-states: supporter}", "participants: united-states", "      F087:", "us-support-for-ncmm", "participants", ""),
    fault("amount without a currency", COMMITMENTS, TRADE, TRADE.replace("currency: USD, ", ""), "      F181:", "double-bilateral-trade", "amount", "needs its currency"),
    fault("bad currency", COMMITMENTS, TRADE, TRADE.replace("USD", "dollars"), "      F181:", "double-bilateral-trade", "currency", ""),
    fault("negative amount", COMMITMENTS, TRADE, TRADE.replace("500_", "-500_"), "      F181:", "double-bilateral-trade", "amount", ""),
    fault("amount beyond what JSON holds", COMMITMENTS, TRADE, TRADE.replace("500_000_000_000", "9_007_199_254_740_993"), "      F181:", "double-bilateral-trade", "amount", ""),
    fault("amount with a fraction", COMMITMENTS, TRADE, TRADE.replace("500_000_000_000", "0.5"), "      F181:", "double-bilateral-trade", "amount", ""),
    fault("field with two values", COMMITMENTS, "      F184: {", "      F184: {multiplier: 3, ", "multiplier: 3", "double-bilateral-trade", "multiplier", "two values"),
    fault("composite with two values", PROGRAMS, "      F086: {", "      F086: {amount: {is: 343_000_000_000, currency: USD}, ", "currency: USD}, ", "ncmm", "amount", "two values"),
    fault("value above says and another below", PROGRAMS, "- id: indus-innovation\n", "- id: indus-innovation\n  kind: national_mission\n", "      F076", "indus-innovation", "kind", "another value"),
    # Characters
    fault("bidirectional character", MINERALS, "  title: Cobalt\n", "  title: Co\u202ebalt\n", "\u202e", "cobalt", "title", "U+202E"),
    fault("zero width", MINERALS, "  title: Cobalt\n", "  title: Co\u200bbalt\n", "\u200b", "cobalt", "title", "U+200B"),
    fault("unsafe words as printed", COMMITMENTS, "as: AI infrastructure development", "as: AI\u202e infrastructure", "\u202e", "ai-infrastructure-development", "as_stated", "U+202E"),
    fault("unsafe alias", TOPICS, "  aliases: [pharma]\n", "  aliases: [phar\u2060ma]\n", "\u2060", "pharmaceuticals", "aliases", "U+2060"),
    fault("unsafe identifier", MINERALS, "cas: 7440-48-4", "cas: 7440\u202e48-4", "\u202e", "cobalt", "identifiers", "U+202E"),
    fault("unsafe section title", SOURCE, "  S7: Strategic Importance", "  S7: Strategic\u202e Importance", "\u202e", ARTICLE, "sections", "U+202E"),
    fault("unsafe id", TOPICS, "- id: biotechnology\n", "- id: bio\u200btechnology\n", "\u200b", "bio\u200btechnology", "id", "an id is made of"),
    # Sources
    fault("id is not the folder", SOURCE, f"id: {ARTICLE}\n", "id: another\n", None, ARTICLE, "id", "the folder's name"),
    fault("silent on no field", SOURCE, "F005: publisher", "F005: weather", "F005", ARTICLE, "weather", "no field weather"),
    fault("silent is text", SOURCE, "silent:\n  F005: publisher", "silent: publisher", "silent:", ARTICLE, "silent", ""),
    fault("not_data is text", SOURCE, "not_data:\n", "not_data: nothing\nmore:\n", "not_data:", ARTICLE, "not_data", ""),
    fault("sections is a list", SOURCE, "sections:\n", "sections: [S0]\nchapters:\n", "sections:", ARTICLE, "sections", ""),
    fault("section title is a list", SOURCE, "  S7: Strategic Importance of Critical Minerals\n", "  S7: [Strategic]\n", "[Strategic]", ARTICLE, "sections", ""),
    fault("silent is a list", SOURCE, "silent:\n  F005: publisher", "silent: [F005]", "silent:", ARTICLE, "silent", ""),
    fault("bad range", SOURCE, "F191-F194", "F194-F191", "F194-F191", None, None, "neither a row"),
    fault("endless range", SOURCE, "F191-F194", "F300-F199999", "F300-F199999", None, None, "more than 1000 rows"),
    fault("range of a row too many", SOURCE, "F191-F194", "F300-F1300", "F300-F1300", None, None, "more than 1000 rows"),
    fault("row that is data and not", f"{ARTICLE}/initiatives.yaml", "      F133: {kind", "      F135: {kind", "      F135: {kind", ARTICLE, "F135", "already accounted for as not_data"),
    fault("unknown kind of source", SOURCE, "kind: seed_article", "kind: blog", "kind: blog", ARTICLE, "kind", ""),
    fault("unknown grade", SOURCE, "reliability: C", "reliability: Z", "reliability: Z", ARTICLE, "reliability", ""),
    fault("bad checksum", SOURCE, "sha256: 46", "sha256: XY", "sha256:", ARTICLE, "sha256", ""),
]
# fmt: on


def problems(root):
    with pytest.raises(Rejected) as rejected:
        read(root)
    return [(problem.file, problem.line, problem.record, problem.field) for problem in rejected.value.problems]


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in FAULTS])
def test_a_fault_is_told_where_it_is(seed_copy, fault):
    fault.edit.apply(seed_copy)
    with pytest.raises(Rejected) as rejected:
        read(seed_copy)
    told = [(problem.file, problem.line, problem.record, problem.field) for problem in rejected.value.problems]
    assert fault.told(seed_copy) in told, "\n" + str(rejected.value)
    assert fault.message in str(rejected.value)
    assert all((seed_copy / file).parent.parent == seed_copy for file, *_ in told), "\n" + str(rejected.value)


@pytest.mark.parametrize(
    "content",
    [b"id: javelin\n", b"javelin\n", b"- [javelin]\n", b"- caf\xe9\n", "- id: javelin\n".encode("utf-16"), b"\x00\x01"],
    ids=["mapping", "text", "list of lists", "Latin-1", "UTF-16", "binary"],
)
def test_a_file_that_is_no_list_of_records(seed_copy, content):
    file = f"{ARTICLE}/instruments.yaml"
    (seed_copy / file).write_bytes(content)
    assert (file, 1) in [(file, line) for file, line, *_ in problems(seed_copy)]


@pytest.mark.parametrize("content", [None, b"", b"- id: another\n", b"kind: wire\n", b"id: [another]\nkind: wire\n"])
def test_a_folder_without_a_source(seed_copy, content):
    (seed_copy / "another").mkdir()
    if content is not None:
        (seed_copy / "another" / "source.yaml").write_bytes(content)
    assert {file for file, *_ in problems(seed_copy)} == {"another/source.yaml"}


def test_a_folder_inside_of_a_folder(seed_copy):
    (seed_copy / ARTICLE / "more").mkdir()
    assert problems(seed_copy) == [(f"{ARTICLE}/more", 1, None, None)]


def test_a_file_beside_the_folders(seed_copy):
    Edit("../seed/commitments.yaml", "", LAST).apply(seed_copy)
    assert [(line, record, field) for _, line, record, field in problems(seed_copy)] == [(1, None, None)]


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_no_folder_at_all(tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert [(line, record, field) for _, line, record, field in problems(tmp_path / name)] == [(1, None, None)]


def test_a_record_that_two_folders_describe(seed_copy):
    second = add_second(seed_copy)
    file = "coastal-courier-lantern-article/places.yaml"
    Edit(file, "- id: orlanda\n", "- id: india\n  kind: country\n\n- id: orlanda\n").apply(second)
    with pytest.raises(Rejected) as rejected:
        read(second)
    (problem,) = rejected.value.problems
    assert (problem.record, problem.field) == ("india", "id")
    assert {problem.file, problem.message.split()[-1]} == {file, f"{ARTICLE}/places.yaml"}


def test_a_row_of_another_source_is_no_fault(seed_copy):
    """Rows and sections are a source's own: two may use the same words."""
    second = add_second(seed_copy)
    for path in (second / "coastal-courier-lantern-article").iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace(" A4.p1:", " S11.p1:"), encoding="utf-8")
    Edit("coastal-courier-lantern-article/source.yaml", "  A4: Coast\n", "  A4: Coast\n  S11: Sea\n").apply(second)
    read(second)


AT_ONCE = [
    Edit(MINERALS, "  categories: [battery]\n", "  categories: [batteries]\n"),
    Edit(MINERALS, "atomic_number: 27", "atomic_number: many"),
    Edit(TOPICS, "  aliases: [pharma]\n", "  aliases: [phar\u2060ma]\n"),
    Edit(TOPICS, "- id: biotechnology\n", "- id: biotechnology\n  color: green\n"),
    Edit(COMMITMENTS, TRADE, TRADE.replace("target", "goal")),
    Edit(COMMITMENTS, P_8I, P_8I + "        due: soon\n        speed: 900\n"),
    Edit(SOURCE, "F005: publisher", "F005: weather"),
    Edit(f"{ARTICLE}/promises.yaml", "", "[]\n"),
]


def test_all_faults_of_all_files_at_once(seed_copy):
    for edit in AT_ONCE:
        edit.apply(seed_copy)
    told = problems(seed_copy)
    assert told == sorted(told, key=lambda problem: problem[:2])
    assert {(file, record, field) for file, _, record, field in told} == {
        (MINERALS, "lithium", "categories"),
        (MINERALS, "cobalt", "atomic_number"),
        (TOPICS, "pharmaceuticals", "aliases"),
        (TOPICS, "biotechnology", "color"),
        (COMMITMENTS, "double-bilateral-trade", "amount_scope"),
        (COMMITMENTS, "acquire-p-8i", "due"),
        (COMMITMENTS, "acquire-p-8i", "speed"),
        (SOURCE, ARTICLE, "weather"),
        (f"{ARTICLE}/promises.yaml", None, None),
    }


def test_yaml_faults_of_several_files_at_once(seed_copy):
    for name in ("minerals", "topics", "places"):
        Edit(f"{ARTICLE}/{name}.yaml", "", "- id: &anchor x\n").apply(seed_copy)
    files = {file for file, _, record, field in problems(seed_copy) if record is field is None}
    assert files == {f"{ARTICLE}/{name}.yaml" for name in ("minerals", "topics", "places")}


def test_a_refused_folder_changes_nothing(own_database, seed_copy):
    before = own_database.contents()
    for edit in AT_ONCE:
        edit.apply(seed_copy)
        with pytest.raises(Rejected):
            own_database.prepare(seed_copy)
    assert own_database.contents() == before


def test_a_refused_folder_leaves_an_empty_database_empty(fresh_database, seed_copy):
    AT_ONCE[0].apply(seed_copy)
    with pytest.raises(Rejected):
        fresh_database.prepare(seed_copy)
    assert fresh_database.tables() == []


def test_an_id_that_the_database_knows_otherwise(own_database, seed_copy):
    """What only the database can refuse is told in the same way, and changes nothing."""
    path = seed_copy / ARTICLE / "topics.yaml"
    Edit(TOPICS, "", "\n- id: nickel\n  title: Nickel\n  kind: material\n").apply(seed_copy)
    own_database.prepare(seed_copy)
    before = own_database.contents()
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("\n- id: nickel")], encoding="utf-8")
    Edit(MINERALS, "", "\n- id: nickel\n  title: Nickel\n  kind: element\n").apply(seed_copy)
    with pytest.raises(Rejected) as rejected:
        own_database.prepare(seed_copy)
    assert [(p.file, p.record, p.field) for p in rejected.value.problems] == [(MINERALS, "nickel", "id")]
    assert own_database.contents() == before


SMALL = {
    "paper/source.yaml": """\
id: paper
kind: seed_article
reliability: C
sections: {S1: One}
says:
  S1.p1: {F001: {title: A paper}}
silent: {F002: publisher}
not_data: {F003: praise, F004-F005: more}
""",
    "paper/places.yaml": """\
- id: here
  title: Here
  kind: country
  reference: {source: codes, iso: HE}
""",
    "paper/commitments.yaml": """\
- id: promise
  title: A promise
  kind: target
  aliases: [vow]
  says:
    S1.p1:
      F006: {amount: {is: 5, currency: USD}, participants: {here: party}, modality: will, as: five}
      F007: {due: {is: 2030, as: by 2030}, activities: [research, mining], such_as: true}
      F008: {again: F007, note: once more}
""",
    "codes/source.yaml": "id: codes\nkind: reference_dataset\nreliability: A\ntitle: Codes\n",
}
"""Folders small enough to be read hundreds of times."""


def written(root, files):
    """Write seed files, by their path below `root`."""
    for file, text in files.items():
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).write_text(text, encoding="utf-8")


@st.composite
def mutations(draw):
    """The small folders with one node of one file replaced, taken out or doubled."""
    file = draw(st.sampled_from(sorted(SMALL)))
    tree = yaml.safe_load(SMALL[file])
    spots = []

    def walk(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            spots.append((node, key))
            walk(node[key])

    walk(tree)
    node, key = draw(st.sampled_from(spots))
    odd = st.sampled_from(["", "x", "is", "S1", "F001", "2030", "promise", "here", "\u202e", [], {}, ["x"], {"is": {}}])
    odd |= st.sampled_from([{"x": "y"}, [["x"]], {"is": "x", "as": ["y"]}, {"here": {"role": []}}, None, "9" * 400])
    if isinstance(node, dict) and draw(st.booleans()):
        moved = {
            draw(odd.filter(lambda value: isinstance(value, str))) if name == key else name: v
            for name, v in node.items()
        }
        node.clear()
        node.update(moved)
    else:
        node[key] = draw(odd | st.sampled_from([value for value, _ in spots]).map(deepcopy))
    return file, yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mutations())
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path, mutation):
    written(tmp_path, SMALL | dict([mutation]))
    with suppress(Rejected):
        read(tmp_path)


def test_the_small_folders_are_good(tmp_path):
    written(tmp_path, SMALL)
    assert {draft.id for draft in read(tmp_path).drafts} == {"paper", "here", "promise", "codes"}


BETTER = {
    "better/sources.yaml": """\
- {id: journal, kind: newspaper, reliability: B, title: A journal}
- {id: diary, kind: unknown, reliability: D, title: A diary}
""",
    "better/commitments.yaml": """\
- id: promise
  says:
    journal:
      J01: {due: 2031, also: diary}
""",
    "better/verdicts.yaml": "paper-f007-due: {rank: deprecated, verification: contradicted}\n",
}
"""A small folder of better sources, to be put beside the small article."""
BETTER_FAULTS = [
    ("sources", "+- {id: diary, kind: wire}\n", 3, "diary", "id", "described twice"),
    ("sources", "journal: {kind: newspaper}\n", 1, None, None, "must be a list"),
    ("commitments", BETTER["better/commitments.yaml"].replace("journal:", "paper:"), 3, "promise", None, "not one of"),
    ("commitments", BETTER["better/commitments.yaml"].replace("diary", "paper"), 4, "promise", "also", "not another"),
    ("commitments", BETTER["better/commitments.yaml"].replace("diary", "journal"), 4, "promise", "also", "not another"),
    ("commitments", "+  aliases: {vow: oath}\n", 1, "promise", "aliases", "must be names"),
    ("commitments", "+    diary:\n      J01: {due: 2032}\n", 6, "promise", None, "stands twice"),
    ("verdicts", "+paper-f007-due: {rank: normal}\n", 2, None, None, "stands twice"),
    ("verdicts", "- paper-f007-due\n", 1, None, None, "must map statements"),
    ("verdicts", "+paper-f999: {rank: normal}\n", 2, "paper-f999", None, "no such statement"),
    ("verdicts", "+paper-f001: normal\n", 2, "paper-f001", None, "made of rank and verification"),
    ("verdicts", "+paper-f001: {note: wrong}\n", 2, "paper-f001", None, "made of rank and verification"),
    ("verdicts", "+paper-f001: {rank: last}\n", 2, "paper-f001", "rank", "rank"),
    ("source", "id: better\n", 1, None, None, "is not the file of a resource"),
]
"""By file: what stands in it (`+`: at its end), and the line, record, field and words of what is wrong."""


@pytest.mark.parametrize(("file", "text", "line", "record", "field", "message"), BETTER_FAULTS)
def test_a_fault_of_better_sources(tmp_path, file, text, line, record, field, message):
    name = f"better/{file}.yaml"
    text = BETTER[name] + text.removeprefix("+") if text.startswith("+") else text
    written(tmp_path, SMALL | BETTER | {name: text})
    with pytest.raises(Rejected) as rejected:
        read(tmp_path)
    told = [(problem.file, problem.line, problem.record, problem.field) for problem in rejected.value.problems]
    assert (name, line, record, field) in told
    assert message in str(rejected.value)


def test_two_verdicts_of_two_folders(tmp_path):
    more = {"more/sources.yaml": "[]\n", "more/verdicts.yaml": BETTER["better/verdicts.yaml"]}
    written(tmp_path, SMALL | BETTER | more)
    assert problems(tmp_path) == [("more/verdicts.yaml", 1, "paper-f007-due", None)]


def test_the_small_folder_of_better_sources_is_good(tmp_path):
    written(tmp_path, SMALL | BETTER)
    ids = {statement.id for draft in read(tmp_path).drafts for statement in draft.statements}
    assert {"journal-j01", "diary-j01", "paper-f007-due"} <= ids
