"""Every resource, all records with their documents, and the history of changes."""

import sqlalchemy as sa
from alembic import op

from app.core.db import Characters, Choices, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", Characters(), nullable=False),
        sa.Column("at", Characters(), nullable=False),
        sa.Column("seed", Characters(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
    )
    op.create_table(
        "record",
        sa.Column("id", Characters(), nullable=False),
        sa.Column("resource", Characters(), nullable=False),
        sa.Column(
            "state",
            Choices("live", "merged", "deleted", name="state", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("merged_into", Characters(), nullable=True),
        sa.Column("seeded", sa.Boolean(), nullable=False),
        sa.Column("title", Characters(), nullable=True),
        sa.Column("title_folded", Characters(), nullable=True),
        sa.Column("long_name", Characters(), nullable=True),
        sa.Column("acronym", Characters(), nullable=True),
        sa.Column("summary", Characters(), nullable=True),
        sa.Column("identifiers", Json(), nullable=True),
        sa.Column("reference", Characters(), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("document", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["record.id"], name=op.f("fk_record_merged_into"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["reference"], ["record.id"], name=op.f("fk_record_reference"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    op.create_index(op.f("ix_record_disputed_id"), "record", ["disputed", "id"], unique=False)
    op.create_index(op.f("ix_record_resource_id"), "record", ["resource", "id"], unique=False)
    op.create_index(
        op.f("ix_record_resource_title_folded_id"), "record", ["resource", "title_folded", "id"], unique=False
    )
    op.create_table(
        "revision",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Characters(), nullable=False),
        sa.Column(
            "reason",
            Choices(
                "event", "source", "correction", "schema", name="reason", native_enum=False, create_constraint=True
            ),
            nullable=False,
        ),
        sa.Column("note", Characters(), nullable=True),
        sa.Column("digest", Characters(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revision")),
    )
    op.create_table(
        "change",
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "op",
            Choices("create", "update", "delete", "merge", name="operation", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("record", Characters(), nullable=False),
        sa.Column("after", Characters(), nullable=True),
        sa.ForeignKeyConstraint(["record"], ["record.id"], name=op.f("fk_change_record")),
        sa.ForeignKeyConstraint(["revision"], ["revision.number"], name=op.f("fk_change_revision")),
        sa.PrimaryKeyConstraint("revision", "position", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_record"), "change", ["record"], unique=False)
    op.create_table(
        "effect",
        sa.Column(
            "kind",
            Choices("aim", "benefit", "risk", name="effectkind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("subject", Characters(), nullable=True),
        sa.Column("object", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_effect_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["object"], ["record.id"], name=op.f("fk_effect_object"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["subject"], ["record.id"], name=op.f("fk_effect_subject"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect")),
    )
    op.create_index(op.f("ix_effect_kind_id"), "effect", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_effect_object_id"), "effect", ["object", "id"], unique=False)
    op.create_index(op.f("ix_effect_subject_id"), "effect", ["subject", "id"], unique=False)
    op.create_table(
        "equipment",
        sa.Column(
            "category",
            Choices(
                "anti_tank_missile",
                "armored_vehicle",
                "maritime_patrol_aircraft",
                "fighter_aircraft",
                name="equipmentcategory",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("use", Characters(), nullable=True),
        sa.Column("designation", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_equipment_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
    )
    op.create_index(op.f("ix_equipment_category_id"), "equipment", ["category", "id"], unique=False)
    op.create_table(
        "initiative",
        sa.Column(
            "kind",
            Choices(
                "bilateral_initiative",
                "strategic_framework",
                "national_initiative",
                "multilateral_initiative",
                name="initiativekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("kind_as_stated", Characters(), nullable=True),
        sa.Column(
            "level",
            Choices("primary", "referenced", name="initiativelevel", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("announced", Characters(), nullable=True),
        sa.Column("launched", Characters(), nullable=True),
        sa.Column("duration", Characters(), nullable=True),
        sa.Column("horizon", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("announced_first", Characters(), nullable=True),
        sa.Column("announced_last", Characters(), nullable=True),
        sa.Column("launched_first", Characters(), nullable=True),
        sa.Column("launched_last", Characters(), nullable=True),
        sa.Column("horizon_first", Characters(), nullable=True),
        sa.Column("horizon_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_initiative_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_initiative")),
    )
    op.create_index(op.f("ix_initiative_announced_first_id"), "initiative", ["announced_first", "id"], unique=False)
    op.create_index(op.f("ix_initiative_horizon_first_id"), "initiative", ["horizon_first", "id"], unique=False)
    op.create_index(op.f("ix_initiative_kind_id"), "initiative", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_initiative_launched_first_id"), "initiative", ["launched_first", "id"], unique=False)
    op.create_index(op.f("ix_initiative_level_id"), "initiative", ["level", "id"], unique=False)
    op.create_table(
        "instrument",
        sa.Column(
            "kind",
            Choices("agreement", "regulation", name="instrumentkind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("objective", Characters(), nullable=True),
        sa.Column("signed", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("signed_first", Characters(), nullable=True),
        sa.Column("signed_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_instrument_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
    )
    op.create_index(op.f("ix_instrument_kind_id"), "instrument", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_instrument_signed_first_id"), "instrument", ["signed_first", "id"], unique=False)
    op.create_table(
        "mineral",
        sa.Column(
            "kind",
            Choices(
                "element",
                "element_group",
                "compound",
                "ore",
                name="mineralkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("symbol", Characters(), nullable=True),
        sa.Column("atomic_number", sa.Integer(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_mineral_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mineral")),
    )
    op.create_index(op.f("ix_mineral_kind_id"), "mineral", ["kind", "id"], unique=False)
    op.create_table(
        "name",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            Choices("alias", "acronym", "symbol", name="namekind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("name", Characters(), nullable=False),
        sa.Column("folded", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["record.id"], name=op.f("fk_name_record"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_name")),
    )
    op.create_index(op.f("ix_name_folded_record"), "name", ["folded", "record"], unique=False)
    op.create_table(
        "place",
        sa.Column(
            "kind",
            Choices("country", "region", "supranational", name="placekind", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["record.id"], name=op.f("fk_place_id"), initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_kind_id"), "place", ["kind", "id"], unique=False)
    op.create_table(
        "relation",
        sa.Column("subject", Characters(), nullable=False),
        sa.Column(
            "kind",
            Choices(
                "builds_on",
                "aligns_with",
                "complements",
                "supports",
                "succeeds",
                "part_of",
                "invests_in",
                "related_to",
                name="relationkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("object", Characters(), nullable=False),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_relation_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["object"], ["record.id"], name=op.f("fk_relation_object"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["subject"], ["record.id"], name=op.f("fk_relation_subject"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
    )
    op.create_index(op.f("ix_relation_kind_id"), "relation", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_relation_object_id"), "relation", ["object", "id"], unique=False)
    op.create_index(op.f("ix_relation_subject_id"), "relation", ["subject", "id"], unique=False)
    op.create_table(
        "source",
        sa.Column(
            "kind",
            Choices(
                "seed_article",
                "official_primary",
                "official_mirror",
                "wire",
                "newspaper",
                "think_tank",
                "reference_dataset",
                "unknown",
                name="sourcekind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("publisher", Characters(), nullable=True),
        sa.Column("web_url", Characters(), nullable=True),
        sa.Column("published", Characters(), nullable=True),
        sa.Column("updated", Characters(), nullable=True),
        sa.Column(
            "reliability",
            Choices("A", "B", "C", "D", "E", "F", name="reliability", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("sha256", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("published_first", Characters(), nullable=True),
        sa.Column("published_last", Characters(), nullable=True),
        sa.Column("updated_first", Characters(), nullable=True),
        sa.Column("updated_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_source_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
    )
    op.create_index(op.f("ix_source_kind_id"), "source", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_source_reliability_id"), "source", ["reliability", "id"], unique=False)
    op.create_table(
        "statistic",
        sa.Column("subject", Characters(), nullable=True),
        sa.Column("partner", Characters(), nullable=True),
        sa.Column("metric", Characters(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("unit", Characters(), nullable=True),
        sa.Column(
            "relation",
            Choices(
                "exact",
                "additional",
                "at_least",
                "more_than",
                "about",
                "up_to",
                name="quantityrelation",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("period", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("period_first", Characters(), nullable=True),
        sa.Column("period_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_statistic_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["partner"], ["record.id"], name=op.f("fk_statistic_partner"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["subject"], ["record.id"], name=op.f("fk_statistic_subject"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statistic")),
    )
    op.create_index(op.f("ix_statistic_metric_id"), "statistic", ["metric", "id"], unique=False)
    op.create_index(op.f("ix_statistic_partner_id"), "statistic", ["partner", "id"], unique=False)
    op.create_index(op.f("ix_statistic_period_first_id"), "statistic", ["period_first", "id"], unique=False)
    op.create_index(op.f("ix_statistic_subject_id"), "statistic", ["subject", "id"], unique=False)
    op.create_index(op.f("ix_statistic_unit_id"), "statistic", ["unit", "id"], unique=False)
    op.create_index(op.f("ix_statistic_value_id"), "statistic", ["value", "id"], unique=False)
    op.create_table(
        "topic",
        sa.Column(
            "kind",
            Choices(
                "sector",
                "industry",
                "technology",
                "material",
                "component",
                "product",
                "policy_area",
                name="topickind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("broader", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broader"], ["topic.id"], name=op.f("fk_topic_broader"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(["id"], ["record.id"], name=op.f("fk_topic_id"), initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
    )
    op.create_index(op.f("ix_topic_broader_id"), "topic", ["broader", "id"], unique=False)
    op.create_index(op.f("ix_topic_kind_id"), "topic", ["kind", "id"], unique=False)
    op.create_table(
        "effect_activities",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "value",
            Choices(
                "research",
                "exploration",
                "mining",
                "beneficiation",
                "processing",
                "recycling",
                "recovery",
                "acquisition",
                "technology_transfer",
                "co_production",
                name="activity",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"], ["effect.id"], name=op.f("fk_effect_activities_record"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_effect_activities")),
    )
    op.create_index(op.f("ix_effect_activities_value_record"), "effect_activities", ["value", "record"], unique=False)
    op.create_table(
        "effect_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["effect.id"], name=op.f("fk_effect_topics_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_effect_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_effect_topics")),
    )
    op.create_index(op.f("ix_effect_topics_target_record"), "effect_topics", ["target", "record"], unique=False)
    op.create_table(
        "initiative_activities",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "value",
            Choices(
                "research",
                "exploration",
                "mining",
                "beneficiation",
                "processing",
                "recycling",
                "recovery",
                "acquisition",
                "technology_transfer",
                "co_production",
                name="activity",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["initiative.id"],
            name=op.f("fk_initiative_activities_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_initiative_activities")),
    )
    op.create_index(
        op.f("ix_initiative_activities_value_record"), "initiative_activities", ["value", "record"], unique=False
    )
    op.create_table(
        "initiative_participants",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "role",
            Choices(
                "party",
                "launching_party",
                "lead",
                "member",
                "partner",
                "funder",
                "buyer",
                "supplier",
                "potential_recipient",
                "reviewer",
                "negotiator",
                "supporter",
                "implementer",
                "beneficiary",
                "investor",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"],
            ["initiative.id"],
            name=op.f("fk_initiative_participants_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["record.id"],
            name=op.f("fk_initiative_participants_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_initiative_participants")),
    )
    op.create_index(
        op.f("ix_initiative_participants_target_record"), "initiative_participants", ["target", "record"], unique=False
    )
    op.create_table(
        "initiative_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["initiative.id"],
            name=op.f("fk_initiative_topics_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_initiative_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_initiative_topics")),
    )
    op.create_index(op.f("ix_initiative_topics_target_record"), "initiative_topics", ["target", "record"], unique=False)
    op.create_table(
        "instrument_participants",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "role",
            Choices(
                "party",
                "launching_party",
                "lead",
                "member",
                "partner",
                "funder",
                "buyer",
                "supplier",
                "potential_recipient",
                "reviewer",
                "negotiator",
                "supporter",
                "implementer",
                "beneficiary",
                "investor",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"],
            ["instrument.id"],
            name=op.f("fk_instrument_participants_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["record.id"],
            name=op.f("fk_instrument_participants_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_instrument_participants")),
    )
    op.create_index(
        op.f("ix_instrument_participants_target_record"), "instrument_participants", ["target", "record"], unique=False
    )
    op.create_table(
        "instrument_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["instrument.id"],
            name=op.f("fk_instrument_topics_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_instrument_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_instrument_topics")),
    )
    op.create_index(op.f("ix_instrument_topics_target_record"), "instrument_topics", ["target", "record"], unique=False)
    op.create_table(
        "mineral_categories",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "value",
            Choices(
                "battery",
                "rare_earth",
                "semiconductor",
                "magnet",
                "other",
                name="mineralcategory",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"], ["mineral.id"], name=op.f("fk_mineral_categories_record"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_mineral_categories")),
    )
    op.create_index(op.f("ix_mineral_categories_value_record"), "mineral_categories", ["value", "record"], unique=False)
    op.create_table(
        "mineral_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["mineral.id"], name=op.f("fk_mineral_topics_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_mineral_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_mineral_topics")),
    )
    op.create_index(op.f("ix_mineral_topics_target_record"), "mineral_topics", ["target", "record"], unique=False)
    op.create_table(
        "mineral_uses",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("via", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"], ["mineral.id"], name=op.f("fk_mineral_uses_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_mineral_uses_target"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["via"], ["topic.id"], name=op.f("fk_mineral_uses_via"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_mineral_uses")),
    )
    op.create_index(op.f("ix_mineral_uses_target_record"), "mineral_uses", ["target", "record"], unique=False)
    op.create_table(
        "organization",
        sa.Column(
            "kind",
            Choices(
                "company",
                "newspaper",
                "government_agency",
                "plurilateral_partnership",
                "finance_network",
                "grouping",
                "industry_alliance",
                name="organizationkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("place", Characters(), nullable=True),
        sa.Column("launched", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("launched_first", Characters(), nullable=True),
        sa.Column("launched_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_organization_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["place"], ["place.id"], name=op.f("fk_organization_place"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
    )
    op.create_index(op.f("ix_organization_kind_id"), "organization", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_organization_launched_first_id"), "organization", ["launched_first", "id"], unique=False)
    op.create_index(op.f("ix_organization_place_id"), "organization", ["place", "id"], unique=False)
    op.create_table(
        "pillar",
        sa.Column("initiative", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_pillar_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["initiative"], ["initiative.id"], name=op.f("fk_pillar_initiative"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pillar")),
    )
    op.create_index(op.f("ix_pillar_initiative_id"), "pillar", ["initiative", "id"], unique=False)
    op.create_table(
        "source_credits",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["source.id"], name=op.f("fk_source_credits_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["record.id"], name=op.f("fk_source_credits_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_source_credits")),
    )
    op.create_index(op.f("ix_source_credits_target_record"), "source_credits", ["target", "record"], unique=False)
    op.create_table(
        "statement",
        sa.Column("subject", Characters(), nullable=False),
        sa.Column("field", Characters(), nullable=True),
        sa.Column("value", Json(), nullable=True),
        sa.Column("unit", Characters(), nullable=True),
        sa.Column("object", Characters(), nullable=True),
        sa.Column("as_stated", Characters(), nullable=True),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("source", Characters(), nullable=False),
        sa.Column("section", Characters(), nullable=True),
        sa.Column("section_title", Characters(), nullable=True),
        sa.Column("paragraph", sa.Integer(), nullable=True),
        sa.Column("locator", Characters(), nullable=True),
        sa.Column(
            "modality",
            Choices(
                "asserted",
                "done",
                "will",
                "will_review",
                "will_negotiate",
                "plans",
                "aims",
                "could",
                "listed",
                "claimed",
                "opinion",
                name="modality",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "certainty",
            Choices("stated", "approximate", "hedged", name="certainty", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(
            "rank",
            Choices("preferred", "normal", "deprecated", name="rank", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column(
            "verification",
            Choices(
                "unverified",
                "corroborated",
                "imprecise",
                "contradicted",
                "superseded",
                "unverifiable",
                "not_applicable",
                name="verification",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("is_exhaustive", sa.Boolean(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("record", Characters(), nullable=False),
        sa.Column("cited", Characters(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("parts", Json(), nullable=True),
        sa.Column("note", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_statement_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["object"], ["record.id"], name=op.f("fk_statement_object"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["record"], ["record.id"], name=op.f("fk_statement_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["source"], ["source.id"], name=op.f("fk_statement_source"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["subject"], ["record.id"], name=op.f("fk_statement_subject"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_field_id"), "statement", ["field", "id"], unique=False)
    op.create_index(op.f("ix_statement_object_id"), "statement", ["object", "id"], unique=False)
    op.create_index(op.f("ix_statement_record_position"), "statement", ["record", "position"], unique=False)
    op.create_index(op.f("ix_statement_source_id"), "statement", ["source", "id"], unique=False)
    op.create_index(op.f("ix_statement_subject_id"), "statement", ["subject", "id"], unique=False)
    op.create_index(op.f("ix_statement_verification_id"), "statement", ["verification", "id"], unique=False)
    op.create_table(
        "statistic_minerals",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["statistic.id"],
            name=op.f("fk_statistic_minerals_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["mineral.id"], name=op.f("fk_statistic_minerals_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_statistic_minerals")),
    )
    op.create_index(
        op.f("ix_statistic_minerals_target_record"), "statistic_minerals", ["target", "record"], unique=False
    )
    op.create_table(
        "statistic_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["statistic.id"], name=op.f("fk_statistic_topics_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_statistic_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_statistic_topics")),
    )
    op.create_index(op.f("ix_statistic_topics_target_record"), "statistic_topics", ["target", "record"], unique=False)
    op.create_table(
        "topic_component_of",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["topic.id"], name=op.f("fk_topic_component_of_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_topic_component_of_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_topic_component_of")),
    )
    op.create_index(
        op.f("ix_topic_component_of_target_record"), "topic_component_of", ["target", "record"], unique=False
    )
    op.create_table(
        "organization_participants",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "role",
            Choices(
                "party",
                "launching_party",
                "lead",
                "member",
                "partner",
                "funder",
                "buyer",
                "supplier",
                "potential_recipient",
                "reviewer",
                "negotiator",
                "supporter",
                "implementer",
                "beneficiary",
                "investor",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"],
            ["organization.id"],
            name=op.f("fk_organization_participants_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["record.id"],
            name=op.f("fk_organization_participants_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_organization_participants")),
    )
    op.create_index(
        op.f("ix_organization_participants_target_record"),
        "organization_participants",
        ["target", "record"],
        unique=False,
    )
    op.create_table(
        "organization_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["organization.id"],
            name=op.f("fk_organization_topics_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_organization_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_organization_topics")),
    )
    op.create_index(
        op.f("ix_organization_topics_target_record"), "organization_topics", ["target", "record"], unique=False
    )
    op.create_table(
        "pillar_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["pillar.id"], name=op.f("fk_pillar_topics_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_pillar_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_pillar_topics")),
    )
    op.create_index(op.f("ix_pillar_topics_target_record"), "pillar_topics", ["target", "record"], unique=False)
    op.create_table(
        "program",
        sa.Column(
            "kind",
            Choices(
                "national_mission",
                "funding_program",
                "sub_initiative",
                "innovation_platform",
                name="programkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("initiative", Characters(), nullable=True),
        sa.Column("pillar", Characters(), nullable=True),
        sa.Column("place", Characters(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", Characters(), nullable=True),
        sa.Column(
            "amount_scope",
            Choices(
                "total_outlay",
                "government_outlay",
                "authorized",
                "appropriated",
                "target",
                "flow",
                "unspecified",
                name="amountscope",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("duration", Characters(), nullable=True),
        sa.Column("period", Characters(), nullable=True),
        sa.Column("objective", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("period_first", Characters(), nullable=True),
        sa.Column("period_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_program_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["initiative"], ["initiative.id"], name=op.f("fk_program_initiative"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["pillar"], ["pillar.id"], name=op.f("fk_program_pillar"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["place"], ["place.id"], name=op.f("fk_program_place"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
    )
    op.create_index(op.f("ix_program_amount_id"), "program", ["amount", "id"], unique=False)
    op.create_index(op.f("ix_program_currency_id"), "program", ["currency", "id"], unique=False)
    op.create_index(op.f("ix_program_initiative_id"), "program", ["initiative", "id"], unique=False)
    op.create_index(op.f("ix_program_kind_id"), "program", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_program_period_first_id"), "program", ["period_first", "id"], unique=False)
    op.create_index(op.f("ix_program_pillar_id"), "program", ["pillar", "id"], unique=False)
    op.create_index(op.f("ix_program_place_id"), "program", ["place", "id"], unique=False)
    op.create_table(
        "statement_answers",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "kind",
            Choices(
                "contradicts",
                "refines",
                "supersedes",
                "corroborates",
                "fills_gap",
                name="answerkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["statement.id"],
            name=op.f("fk_statement_answers_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["statement.id"],
            name=op.f("fk_statement_answers_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_statement_answers")),
    )
    op.create_index(op.f("ix_statement_answers_target_record"), "statement_answers", ["target", "record"], unique=False)
    op.create_table(
        "commitment",
        sa.Column("initiative", Characters(), nullable=True),
        sa.Column("pillar", Characters(), nullable=True),
        sa.Column("program", Characters(), nullable=True),
        sa.Column(
            "kind",
            Choices(
                "procurement",
                "co_production",
                "co_development",
                "joint_rnd",
                "supply_chain",
                "regulatory_reform",
                "policy_review",
                "negotiation",
                "target",
                "support",
                "information_sharing",
                "trade_facilitation",
                "launch",
                "cooperation",
                name="commitmentkind",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "modality",
            Choices(
                "asserted",
                "done",
                "will",
                "will_review",
                "will_negotiate",
                "plans",
                "aims",
                "could",
                "listed",
                "claimed",
                "opinion",
                name="modality",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "status",
            Choices(
                "announced",
                "under_review",
                "under_negotiation",
                "agreed",
                "approved",
                "contracted",
                "in_progress",
                "partly_met",
                "fulfilled",
                "stalled",
                "suspended",
                "superseded",
                "withdrawn",
                "missed",
                "cancelled",
                "unknown",
                name="status",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("status_as_of", Characters(), nullable=True),
        sa.Column("start", Characters(), nullable=True),
        sa.Column("due", Characters(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", Characters(), nullable=True),
        sa.Column(
            "amount_scope",
            Choices(
                "total_outlay",
                "government_outlay",
                "authorized",
                "appropriated",
                "target",
                "flow",
                "unspecified",
                name="amountscope",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("multiplier", sa.Float(), nullable=True),
        sa.Column("quantity", sa.Float(), nullable=True),
        sa.Column(
            "quantity_relation",
            Choices(
                "exact",
                "additional",
                "at_least",
                "more_than",
                "about",
                "up_to",
                name="quantityrelation",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("objective", Characters(), nullable=True),
        sa.Column("id", Characters(), nullable=False),
        sa.Column("status_as_of_first", Characters(), nullable=True),
        sa.Column("status_as_of_last", Characters(), nullable=True),
        sa.Column("start_first", Characters(), nullable=True),
        sa.Column("start_last", Characters(), nullable=True),
        sa.Column("due_first", Characters(), nullable=True),
        sa.Column("due_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["record.id"], name=op.f("fk_commitment_id"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["initiative"],
            ["initiative.id"],
            name=op.f("fk_commitment_initiative"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["pillar"], ["pillar.id"], name=op.f("fk_commitment_pillar"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["program"], ["program.id"], name=op.f("fk_commitment_program"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
    )
    op.create_index(op.f("ix_commitment_amount_id"), "commitment", ["amount", "id"], unique=False)
    op.create_index(op.f("ix_commitment_currency_id"), "commitment", ["currency", "id"], unique=False)
    op.create_index(op.f("ix_commitment_due_first_id"), "commitment", ["due_first", "id"], unique=False)
    op.create_index(op.f("ix_commitment_initiative_id"), "commitment", ["initiative", "id"], unique=False)
    op.create_index(op.f("ix_commitment_kind_id"), "commitment", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_commitment_modality_id"), "commitment", ["modality", "id"], unique=False)
    op.create_index(op.f("ix_commitment_pillar_id"), "commitment", ["pillar", "id"], unique=False)
    op.create_index(op.f("ix_commitment_program_id"), "commitment", ["program", "id"], unique=False)
    op.create_index(op.f("ix_commitment_start_first_id"), "commitment", ["start_first", "id"], unique=False)
    op.create_index(op.f("ix_commitment_status_id"), "commitment", ["status", "id"], unique=False)
    op.create_table(
        "program_activities",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "value",
            Choices(
                "research",
                "exploration",
                "mining",
                "beneficiation",
                "processing",
                "recycling",
                "recovery",
                "acquisition",
                "technology_transfer",
                "co_production",
                name="activity",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"], ["program.id"], name=op.f("fk_program_activities_record"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_program_activities")),
    )
    op.create_index(op.f("ix_program_activities_value_record"), "program_activities", ["value", "record"], unique=False)
    op.create_table(
        "program_minerals",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["program.id"], name=op.f("fk_program_minerals_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["mineral.id"], name=op.f("fk_program_minerals_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_program_minerals")),
    )
    op.create_index(op.f("ix_program_minerals_target_record"), "program_minerals", ["target", "record"], unique=False)
    op.create_table(
        "program_participants",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "role",
            Choices(
                "party",
                "launching_party",
                "lead",
                "member",
                "partner",
                "funder",
                "buyer",
                "supplier",
                "potential_recipient",
                "reviewer",
                "negotiator",
                "supporter",
                "implementer",
                "beneficiary",
                "investor",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"],
            ["program.id"],
            name=op.f("fk_program_participants_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["record.id"],
            name=op.f("fk_program_participants_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_program_participants")),
    )
    op.create_index(
        op.f("ix_program_participants_target_record"), "program_participants", ["target", "record"], unique=False
    )
    op.create_table(
        "program_source_industries",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["program.id"],
            name=op.f("fk_program_source_industries_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["topic.id"],
            name=op.f("fk_program_source_industries_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_program_source_industries")),
    )
    op.create_index(
        op.f("ix_program_source_industries_target_record"),
        "program_source_industries",
        ["target", "record"],
        unique=False,
    )
    op.create_table(
        "program_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"], ["program.id"], name=op.f("fk_program_topics_record"), initially="DEFERRED", deferrable=True
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_program_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_program_topics")),
    )
    op.create_index(op.f("ix_program_topics_target_record"), "program_topics", ["target", "record"], unique=False)
    op.create_table(
        "commitment_activities",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "value",
            Choices(
                "research",
                "exploration",
                "mining",
                "beneficiation",
                "processing",
                "recycling",
                "recovery",
                "acquisition",
                "technology_transfer",
                "co_production",
                name="activity",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_activities_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_activities")),
    )
    op.create_index(
        op.f("ix_commitment_activities_value_record"), "commitment_activities", ["value", "record"], unique=False
    )
    op.create_table(
        "commitment_equipment",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_equipment_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["equipment.id"],
            name=op.f("fk_commitment_equipment_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_equipment")),
    )
    op.create_index(
        op.f("ix_commitment_equipment_target_record"), "commitment_equipment", ["target", "record"], unique=False
    )
    op.create_table(
        "commitment_instruments",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_instruments_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["instrument.id"],
            name=op.f("fk_commitment_instruments_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_instruments")),
    )
    op.create_index(
        op.f("ix_commitment_instruments_target_record"), "commitment_instruments", ["target", "record"], unique=False
    )
    op.create_table(
        "commitment_minerals",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_minerals_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["mineral.id"],
            name=op.f("fk_commitment_minerals_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_minerals")),
    )
    op.create_index(
        op.f("ix_commitment_minerals_target_record"), "commitment_minerals", ["target", "record"], unique=False
    )
    op.create_table(
        "commitment_participants",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.Column(
            "role",
            Choices(
                "party",
                "launching_party",
                "lead",
                "member",
                "partner",
                "funder",
                "buyer",
                "supplier",
                "potential_recipient",
                "reviewer",
                "negotiator",
                "supporter",
                "implementer",
                "beneficiary",
                "investor",
                "owner",
                name="role",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            Choices(
                "stated",
                "implied",
                "group",
                "inferred",
                "external",
                name="basis",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("since", Characters(), nullable=True),
        sa.Column("since_first", Characters(), nullable=True),
        sa.Column("since_last", Characters(), nullable=True),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_participants_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"],
            ["record.id"],
            name=op.f("fk_commitment_participants_target"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_participants")),
    )
    op.create_index(
        op.f("ix_commitment_participants_target_record"), "commitment_participants", ["target", "record"], unique=False
    )
    op.create_table(
        "commitment_status_events",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            Choices(
                "announced",
                "under_review",
                "under_negotiation",
                "agreed",
                "approved",
                "contracted",
                "in_progress",
                "partly_met",
                "fulfilled",
                "stalled",
                "suspended",
                "superseded",
                "withdrawn",
                "missed",
                "cancelled",
                "unknown",
                name="status",
                native_enum=False,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("as_of", Characters(), nullable=True),
        sa.Column("as_of_first", Characters(), nullable=True),
        sa.Column("as_of_last", Characters(), nullable=True),
        sa.Column(
            "as_of_basis",
            Choices("stated", "source_date", name="asofbasis", native_enum=False, create_constraint=True),
            nullable=False,
        ),
        sa.Column("source", Characters(), nullable=False),
        sa.Column("statement", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_status_events_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["source.id"],
            name=op.f("fk_commitment_status_events_source"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["statement"],
            ["statement.id"],
            name=op.f("fk_commitment_status_events_statement"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_status_events")),
    )
    op.create_index(
        op.f("ix_commitment_status_events_status_record"),
        "commitment_status_events",
        ["status", "record"],
        unique=False,
    )
    op.create_table(
        "commitment_topics",
        sa.Column("record", Characters(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("target", Characters(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record"],
            ["commitment.id"],
            name=op.f("fk_commitment_topics_record"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["target"], ["topic.id"], name=op.f("fk_commitment_topics_target"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("record", "position", name=op.f("pk_commitment_topics")),
    )
    op.create_index(op.f("ix_commitment_topics_target_record"), "commitment_topics", ["target", "record"], unique=False)
    op.execute("INSERT INTO dataset (id, revision, digest, at) VALUES (1, 0, '', '1970-01-01T00:00:00+00:00')")


def downgrade() -> None:
    op.drop_index(op.f("ix_commitment_topics_target_record"), table_name="commitment_topics")
    op.drop_table("commitment_topics")
    op.drop_index(op.f("ix_commitment_status_events_status_record"), table_name="commitment_status_events")
    op.drop_table("commitment_status_events")
    op.drop_index(op.f("ix_commitment_participants_target_record"), table_name="commitment_participants")
    op.drop_table("commitment_participants")
    op.drop_index(op.f("ix_commitment_minerals_target_record"), table_name="commitment_minerals")
    op.drop_table("commitment_minerals")
    op.drop_index(op.f("ix_commitment_instruments_target_record"), table_name="commitment_instruments")
    op.drop_table("commitment_instruments")
    op.drop_index(op.f("ix_commitment_equipment_target_record"), table_name="commitment_equipment")
    op.drop_table("commitment_equipment")
    op.drop_index(op.f("ix_commitment_activities_value_record"), table_name="commitment_activities")
    op.drop_table("commitment_activities")
    op.drop_index(op.f("ix_program_topics_target_record"), table_name="program_topics")
    op.drop_table("program_topics")
    op.drop_index(op.f("ix_program_source_industries_target_record"), table_name="program_source_industries")
    op.drop_table("program_source_industries")
    op.drop_index(op.f("ix_program_participants_target_record"), table_name="program_participants")
    op.drop_table("program_participants")
    op.drop_index(op.f("ix_program_minerals_target_record"), table_name="program_minerals")
    op.drop_table("program_minerals")
    op.drop_index(op.f("ix_program_activities_value_record"), table_name="program_activities")
    op.drop_table("program_activities")
    op.drop_index(op.f("ix_commitment_status_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_start_first_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_program_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_pillar_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_modality_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_kind_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_initiative_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_due_first_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_currency_id"), table_name="commitment")
    op.drop_index(op.f("ix_commitment_amount_id"), table_name="commitment")
    op.drop_table("commitment")
    op.drop_index(op.f("ix_statement_answers_target_record"), table_name="statement_answers")
    op.drop_table("statement_answers")
    op.drop_index(op.f("ix_program_place_id"), table_name="program")
    op.drop_index(op.f("ix_program_pillar_id"), table_name="program")
    op.drop_index(op.f("ix_program_period_first_id"), table_name="program")
    op.drop_index(op.f("ix_program_kind_id"), table_name="program")
    op.drop_index(op.f("ix_program_initiative_id"), table_name="program")
    op.drop_index(op.f("ix_program_currency_id"), table_name="program")
    op.drop_index(op.f("ix_program_amount_id"), table_name="program")
    op.drop_table("program")
    op.drop_index(op.f("ix_pillar_topics_target_record"), table_name="pillar_topics")
    op.drop_table("pillar_topics")
    op.drop_index(op.f("ix_organization_topics_target_record"), table_name="organization_topics")
    op.drop_table("organization_topics")
    op.drop_index(op.f("ix_organization_participants_target_record"), table_name="organization_participants")
    op.drop_table("organization_participants")
    op.drop_index(op.f("ix_topic_component_of_target_record"), table_name="topic_component_of")
    op.drop_table("topic_component_of")
    op.drop_index(op.f("ix_statistic_topics_target_record"), table_name="statistic_topics")
    op.drop_table("statistic_topics")
    op.drop_index(op.f("ix_statistic_minerals_target_record"), table_name="statistic_minerals")
    op.drop_table("statistic_minerals")
    op.drop_index(op.f("ix_statement_verification_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_subject_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_source_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_record_position"), table_name="statement")
    op.drop_index(op.f("ix_statement_object_id"), table_name="statement")
    op.drop_index(op.f("ix_statement_field_id"), table_name="statement")
    op.drop_table("statement")
    op.drop_index(op.f("ix_source_credits_target_record"), table_name="source_credits")
    op.drop_table("source_credits")
    op.drop_index(op.f("ix_pillar_initiative_id"), table_name="pillar")
    op.drop_table("pillar")
    op.drop_index(op.f("ix_organization_place_id"), table_name="organization")
    op.drop_index(op.f("ix_organization_launched_first_id"), table_name="organization")
    op.drop_index(op.f("ix_organization_kind_id"), table_name="organization")
    op.drop_table("organization")
    op.drop_index(op.f("ix_mineral_uses_target_record"), table_name="mineral_uses")
    op.drop_table("mineral_uses")
    op.drop_index(op.f("ix_mineral_topics_target_record"), table_name="mineral_topics")
    op.drop_table("mineral_topics")
    op.drop_index(op.f("ix_mineral_categories_value_record"), table_name="mineral_categories")
    op.drop_table("mineral_categories")
    op.drop_index(op.f("ix_instrument_topics_target_record"), table_name="instrument_topics")
    op.drop_table("instrument_topics")
    op.drop_index(op.f("ix_instrument_participants_target_record"), table_name="instrument_participants")
    op.drop_table("instrument_participants")
    op.drop_index(op.f("ix_initiative_topics_target_record"), table_name="initiative_topics")
    op.drop_table("initiative_topics")
    op.drop_index(op.f("ix_initiative_participants_target_record"), table_name="initiative_participants")
    op.drop_table("initiative_participants")
    op.drop_index(op.f("ix_initiative_activities_value_record"), table_name="initiative_activities")
    op.drop_table("initiative_activities")
    op.drop_index(op.f("ix_effect_topics_target_record"), table_name="effect_topics")
    op.drop_table("effect_topics")
    op.drop_index(op.f("ix_effect_activities_value_record"), table_name="effect_activities")
    op.drop_table("effect_activities")
    op.drop_index(op.f("ix_topic_kind_id"), table_name="topic")
    op.drop_index(op.f("ix_topic_broader_id"), table_name="topic")
    op.drop_table("topic")
    op.drop_index(op.f("ix_statistic_value_id"), table_name="statistic")
    op.drop_index(op.f("ix_statistic_unit_id"), table_name="statistic")
    op.drop_index(op.f("ix_statistic_subject_id"), table_name="statistic")
    op.drop_index(op.f("ix_statistic_period_first_id"), table_name="statistic")
    op.drop_index(op.f("ix_statistic_partner_id"), table_name="statistic")
    op.drop_index(op.f("ix_statistic_metric_id"), table_name="statistic")
    op.drop_table("statistic")
    op.drop_index(op.f("ix_source_reliability_id"), table_name="source")
    op.drop_index(op.f("ix_source_kind_id"), table_name="source")
    op.drop_table("source")
    op.drop_index(op.f("ix_relation_subject_id"), table_name="relation")
    op.drop_index(op.f("ix_relation_object_id"), table_name="relation")
    op.drop_index(op.f("ix_relation_kind_id"), table_name="relation")
    op.drop_table("relation")
    op.drop_index(op.f("ix_place_kind_id"), table_name="place")
    op.drop_table("place")
    op.drop_index(op.f("ix_name_folded_record"), table_name="name")
    op.drop_table("name")
    op.drop_index(op.f("ix_mineral_kind_id"), table_name="mineral")
    op.drop_table("mineral")
    op.drop_index(op.f("ix_instrument_signed_first_id"), table_name="instrument")
    op.drop_index(op.f("ix_instrument_kind_id"), table_name="instrument")
    op.drop_table("instrument")
    op.drop_index(op.f("ix_initiative_level_id"), table_name="initiative")
    op.drop_index(op.f("ix_initiative_launched_first_id"), table_name="initiative")
    op.drop_index(op.f("ix_initiative_kind_id"), table_name="initiative")
    op.drop_index(op.f("ix_initiative_horizon_first_id"), table_name="initiative")
    op.drop_index(op.f("ix_initiative_announced_first_id"), table_name="initiative")
    op.drop_table("initiative")
    op.drop_index(op.f("ix_equipment_category_id"), table_name="equipment")
    op.drop_table("equipment")
    op.drop_index(op.f("ix_effect_subject_id"), table_name="effect")
    op.drop_index(op.f("ix_effect_object_id"), table_name="effect")
    op.drop_index(op.f("ix_effect_kind_id"), table_name="effect")
    op.drop_table("effect")
    op.drop_index(op.f("ix_change_record"), table_name="change")
    op.drop_table("change")
    op.drop_table("revision")
    op.drop_index(op.f("ix_record_resource_title_folded_id"), table_name="record")
    op.drop_index(op.f("ix_record_resource_id"), table_name="record")
    op.drop_index(op.f("ix_record_disputed_id"), table_name="record")
    op.drop_table("record")
    op.drop_table("dataset")
