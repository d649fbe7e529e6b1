"""All resources, in the order in which one reads them: that of the index, of the docs page and of changes."""

from app.core.declare import Catalog
from app.resources.commitment import COMMITMENTS
from app.resources.effect import EFFECTS
from app.resources.equipment import EQUIPMENT
from app.resources.initiative import INITIATIVES
from app.resources.instrument import INSTRUMENTS
from app.resources.mineral import MINERALS
from app.resources.organization import ORGANIZATIONS
from app.resources.pillar import PILLARS
from app.resources.place import PLACES
from app.resources.program import PROGRAMS
from app.resources.relation import RELATIONS
from app.resources.source import SOURCES
from app.resources.statement import STATEMENTS
from app.resources.statistic import STATISTICS
from app.resources.topic import TOPICS

RESOURCES = (
    INITIATIVES,
    PILLARS,
    PROGRAMS,
    COMMITMENTS,
    MINERALS,
    TOPICS,
    EQUIPMENT,
    ORGANIZATIONS,
    INSTRUMENTS,
    PLACES,
    STATISTICS,
    EFFECTS,
    RELATIONS,
    SOURCES,
    STATEMENTS,
)

CATALOG = Catalog(RESOURCES)
