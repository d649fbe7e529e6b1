"""Asks two questions of the README through the package that openapi-python-client generates."""

import sys

from initiatives_api_client import Client
from initiatives_api_client.api.commitments import list_commitments
from initiatives_api_client.api.minerals import list_minerals
from initiatives_api_client.models import CommitmentKind, CommitmentsPage, MineralsPage

client = Client(sys.argv[1])

procurements = list_commitments.sync(client=client, initiative=["compact"], kind=[CommitmentKind.PROCUREMENT])
assert isinstance(procurements, CommitmentsPage), procurements
for commitment in procurements.data:
    print(commitment.id, commitment.quantity, commitment.equipment)

minerals = list_minerals.sync(client=client, used_in=["semiconductors"])
assert isinstance(minerals, MineralsPage), minerals
for mineral in minerals.data:
    print(mineral.id, mineral.symbol, mineral.uses)

assert {one.id for one in procurements.data} == {"acquire-javelin", "acquire-stryker", "acquire-p-8i"}
assert {one.id for one in minerals.data} == {"gallium", "indium"}
