"""What a figure means: the text that it opens on a page, and that `crm-audit explain` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.language.marked import marked

_TEXTS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (
        (
            "plan_done",
            "plan_target",
            "plan_left",
            "plan_over",
            "plan_progress",
        ),
        marked(
            "The target is set for a calendar month. What is done in that month counts, "
            "from its first day to today; what is to go is the target less what is done, "
            "and never less than nothing."
        ),
    ),
    (
        (
            "plan_needed_per_day",
            "working_days_left",
        ),
        marked(
            "What is to go, divided by the working days that are left in the month, today"
            " included."
        ),
    ),
    (
        ("plan_without_target",),
        marked("What was done in the month by somebody for whom no target is set."),
    ),
    (
        (
            "deals_won",
            "deals_won_amount",
        ),
        marked(
            "Deals whose stage says won and whose closing date lies in the period, and "
            "not after today. Amounts of different currencies are never added up."
        ),
    ),
    (
        (
            "deals_won_undated",
            "deals_won_undated_amount",
            "deals_won_unreadable_date",
            "deals_won_unreadable_date_amount",
        ),
        marked(
            "Deals whose stage says won, but without a closing date that can be read. "
            "They count among your results as soon as they have one."
        ),
    ),
    (
        ("deals_won_in_future",),
        marked(
            "Deals whose stage says won and whose closing date is still to come. They "
            "count from that day on."
        ),
    ),
    (
        (
            "deals_open",
            "deals_open_amount",
        ),
        marked("Deals whose stage says open, as of now, whenever they were made."),
    ),
    (
        (
            "deals_unknown",
            "meetings_unknown",
            "calls_unknown",
        ),
        marked(
            "Records whose status or stage the audit does not know. They count nowhere "
            "until the audit says what that word means."
        ),
    ),
    (
        ("meetings_held",),
        marked(
            "Meetings whose status says held and whose start lies in the period, and not "
            "after now."
        ),
    ),
    (
        ("complete_meetings",),
        marked(
            "Of the held meetings of the period those that have a date, a subject and a "
            "result, and a contact with a last name, a first name and a phone or e-mail; "
            "what this CRM does not hold is not asked for. Of several contacts the most "
            "complete one counts."
        ),
    ),
    (
        ("meetings_to_complete",),
        marked(
            "The held meetings that are not complete, each once. Yours are those of which you can "
            "complete anything; of a colleague's all that is missing belongs to a contact of "
            "somebody else, and the others wait for sales support alone."
        ),
    ),
    (
        ("meetings_planned_7d",),
        marked(
            "Meetings whose status says planned and that start between now and the end of"
            " the seventh day after today."
        ),
    ),
    (
        ("meetings_overdue",),
        marked(
            "Meetings whose status says planned although their end, or else their start, "
            "has passed. Mark them as held or cancelled, or plan another day."
        ),
    ),
    (
        (
            "meetings_held_in_future",
            "calls_held_in_future",
        ),
        marked(
            "Records marked held whose start is still to come. They count once they have "
            "been held."
        ),
    ),
    (
        ("unreadable",),
        marked(
            "Something stands in a date, an amount or a text that cannot be read. The "
            "record is on your list; it is in no figure that needs it."
        ),
    ),
    (
        ("score",),
        marked(
            "Completeness is the mean of the kinds of record, weighted by their shares. "
            "Of each kind it is the points kept divided by the points in all, over the "
            "records of these days. A kind with fewer than ten points is left out. What "
            "is coming up, taken over or imported does not count."
        ),
    ),
    (
        ("base",),
        marked(
            "The same over all your records, whenever they were made, those taken over or"
            " imported included. It stands beside completeness and is no part of it."
        ),
    ),
    (
        (
            "points_kept",
            "points_due",
            "base_points_kept",
            "base_points_due",
        ),
        marked(
            "Each field that is asked of a record is a point, or as many as it weighs. It"
            " is kept where the field is in order, and lost where it is missing, cannot "
            "be read or is not valid. A field that this CRM does not hold is not asked "
            "for."
        ),
    ),
    (
        ("score_share",),
        marked(
            "How much a kind of record weighs in the whole. The shares are the same for "
            "everybody; the audit's settings say them."
        ),
    ),
    (
        ("fields_not_held",),
        marked(
            "Fields of the minimum data that this CRM does not hold. They are asked of nobody "
            "and are in no points; “not checked” says why, field by field."
        ),
    ),
    (
        (
            "records_complete",
            "base_complete",
        ),
        marked("Of the records of which something is asked, those that lose no point."),
    ),
    (
        (
            "field_good",
            "base_good",
        ),
        marked("Of the records of which the field is asked, those where it is in order."),
    ),
    (
        (
            "field_missing",
            "base_missing",
        ),
        marked(
            "The field is empty, holds only white space, or a word that this CRM uses for"
            " nothing."
        ),
    ),
    (
        (
            "field_unreadable",
            "base_unreadable",
        ),
        marked(
            "Something stands there that cannot be read: an impossible date, an amount "
            "without a currency."
        ),
    ),
    (
        (
            "field_invalid",
            "base_invalid",
        ),
        marked("What stands there does not pass a check that the audit declares."),
    ),
    (
        (
            "field_placeholder",
            "base_placeholder",
        ),
        marked(
            "What stands there fills the field and says nothing: a declared word, one "
            "character over and over, a run of keys."
        ),
    ),
    (
        (
            "field_hint",
            "base_hint",
        ),
        marked(
            "What stands there is in order and worth a look, such as a phone number of a "
            "range that nobody has been given."
        ),
    ),
    (
        (
            "field_duplicate",
            "base_duplicate",
        ),
        marked(
            "Another record has the same value. It costs nothing unless the audit's "
            "settings say so."
        ),
    ),
    (
        ("records_failing",),
        marked(
            "The records of these days that lose a point, those that add most to your "
            "completeness first."
        ),
    ),
    (
        (
            "records_failing_coming_up",
            "records_failing_taken_over",
            "records_failing_imported",
            "records_failing_outside",
        ),
        marked("Records to complete that do not count in your completeness."),
    ),
    (
        (
            "with_operators_due",
            "with_operators_lacking",
            "with_operators_records",
        ),
        marked(
            "What is asked of sales support about your records. Its points are sales "
            "support's; they are in none of yours."
        ),
    ),
    (
        (
            "with_colleagues_due",
            "with_colleagues_lacking",
            "with_colleagues_records",
        ),
        marked(
            "What is asked of colleagues who entered records of yours. Its points are theirs; they "
            "are in none of yours."
        ),
    ),
    (
        ("of_colleagues_records", "of_colleagues_records_beside"),
        marked(
            "Records of others that you entered, and of which something is asked of you. Its points "
            "are yours; whether the record is complete counts for its owner."
        ),
    ),
    (
        (
            "score_without_exceptions",
            "base_without_exceptions",
            "field_exempt",
            "base_exempt",
        ),
        marked(
            "What is exempt is asked of nobody until its day; beside it stands what "
            "completeness is without these exceptions."
        ),
    ),
    (
        ("findings_completed",),
        marked(
            "Fields that an earlier report named, and that were first found in order by a report "
            "of this period. Each counts for whoever owned the record when that was seen."
        ),
    ),
    (
        ("findings_open_again",),
        marked(
            "Fields that had been completed, that a report of this period found missing or not "
            "valid again, and that still are."
        ),
    ),
    (
        ("meetings_lacking",),
        marked(
            "Of the held meetings of the period those that lack this thing; of several "
            "contacts the most complete one is looked at. A meeting that lacks more than one "
            "thing is counted with each."
        ),
    ),
    (
        ("calls_held",),
        marked(
            "Calls whose status says held and whose start lies in the period, and not after "
            "now."
        ),
    ),
    (
        ("deals_lost",),
        marked(
            "Deals whose stage says lost and whose closing date lies in the period, and not "
            "after today."
        ),
    ),
    (
        ("win_rate",),
        marked(
            "Of the deals that were won or lost in the period those that were won, by their "
            "number. If nothing was closed there is none."
        ),
    ),
    (
        ("clients_new",),
        marked("Clients that were created in the period, and not after now."),
    ),
    (
        ("clients", "contacts", "leads"),
        marked(
            "All records of this kind that are not deleted and have this owner, whenever they"
            " were made. A contact without an owner has that of its client; a lead that "
            "became a client is left out."
        ),
    ),
    (
        ("meetings", "calls", "deals"),
        marked(
            "All records of this kind that are not deleted and have this owner, whatever "
            "their status or stage and whenever they were made."
        ),
    ),
    (
        (
            "meetings_undated",
            "calls_undated",
            "deals_undated",
            "clients_undated",
            "contacts_undated",
            "leads_undated",
        ),
        marked(
            "Records without a date by which they could belong to a period: an event has "
            "neither a start nor a creation date, any other record no creation date."
        ),
    ),
    (
        ("demand_unknown",),
        marked(
            "Records of which it cannot be told whether the field is asked: its condition "
            "looks at something that is empty or cannot be read. It is asked of none of them."
        ),
    ),
    (
        ("managers",),
        marked("Users who are active, are a person, and own a record or have a target."),
    ),
    (
        ("teams",),
        marked("Teams to which an account manager belongs."),
    ),
    (
        ("inactive_users",),
        marked("Users who are no account managers now and still own records."),
    ),
    (
        ("table_rows", "table_audited", "table_excluded"),
        marked(
            "Every row of a table that the audit reads is either audited or left out for a "
            "reason, and both together are all its rows. Rows that are left out were counted "
            "by the CRM's database and never read."
        ),
    ),
    (
        ("figures_proven",),
        marked(
            "Each of these figures was computed twice, by the CRM's own database and from"
            " the records that were read, and both were equal."
        ),
    ),
)
"""Names of measures, and what their figures mean."""


def _by_name() -> Iterator[tuple[str, str]]:
    for names, text in _TEXTS:
        for name in names:
            yield name, text


EXPLANATIONS: Final[Mapping[str, str]] = dict(_by_name())
"""Name of a measure -> what its figures mean."""
