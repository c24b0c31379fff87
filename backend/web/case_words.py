"""The sentences of the case page's scripts; `{names}` are filled in by the scripts."""

from backend.web.words import gettext as _


def case_words() -> dict[str, str]:
    """By the scripts' own names, in the language of the request."""
    return {**_things(), **_choices(), **_saving(), **_keys_of_viewing(), **_keys_of_editing()}


def _things() -> dict[str, str]:
    return {
        "anterior": _("anterior"),
        "posterior": _("posterior"),
        "metastasis": _("metastasis"),
        "bladder": _("bladder"),
        "pixels": _("{n} px"),
        "undecided": _("open"),
        "excluded": _("excluded"),
        "added": _("Added by you"),
        "remove": _("Remove"),
        "kind_exclusion": _("One reading calls it unusable"),
        "kind_label": _("Metastasis or bladder"),
        "kind_only": _("In one reading only"),
        "kind_split": _("One lesion or several"),
        "kind_merged": _("Several lesions or one"),
        "kind_shape": _("Outlines differ"),
        "kind_bladder": _("Bladder differs"),
        "choices_title": _("{n} · {kind}"),
        "joint": _("You chose: {first}. The second opinion: {second}."),
        "unreadable_first": _("The first calls the image unusable: {reason}. Choosing it excludes the projection."),
        "unreadable_second": _("The second calls the image unusable: {reason}. Choosing it excludes the projection."),
        "unreadable": _("unreadable"),
        "cannot be settled": _("cannot be settled"),
        "primary bone tumour": _("primary bone tumour"),
        "excluded_because": _("Excluded, {projection}: {reason}"),
        "left": _("{n} of {of} left to decide"),
        "state_sealed": _("Sealed: nothing here can be changed"),
        "state_waiting": _("Nothing can be changed until both have sealed"),
        "drag_pan": _("Drag: move"),
        "drag_window": _("Drag: brightness"),
    }


def _choices() -> dict[str, str]:
    return {
        "choose_first": _("First"),
        "choose_second": _("Second"),
        "choose_union": _("Both together"),
        "choose_intersection": _("Only what both hold"),
        "choose_none": _("Nothing there"),
        "choose_midway": _("Midway"),
        "choose_edit": _("Edit the outline"),
        "choice_first": _("first"),
        "choice_second": _("second"),
        "choice_union": _("both together"),
        "choice_intersection": _("what both hold"),
        "choice_none": _("nothing there"),
        "choice_midway": _("midway"),
        "choice_edit": _("edited"),
        "reason_degenerative": _("Degenerative"),
        "reason_fracture": _("Fracture"),
        "reason_injection_site": _("Injection site"),
        "reason_contamination": _("Contamination"),
        "reason_physiological": _("Physiological"),
        "reason_other": _("Other"),
    }


def _saving() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "saved_reason": _("Saved: {reason}"),
        "saving": _("Not saved yet …"),
        "unsaved": _("not saved"),
        "unsaved_count": _("{n} not saved"),
        "not_saved_because": _("Not saved: {sentence}"),
        "trouble_away": _("The server does not answer. What is marked is not saved yet; it is tried again by itself."),
        "trouble_stale": _(
            "This case was changed in another window and is shown as it is now. Yours is not saved yet."
        ),
        "trouble_revised": _("Open the case again: what still holds of your decisions comes with it."),
        "trouble_login": _("You are logged out. Log in again in another tab, then save here."),
        "line_open": _("The line is still open: close it first"),
        "outline_empty": _("The outline holds no pixel"),
        "outline_crosses": _("The outline crosses itself"),
        "where_point": _("Point {n} of {of} at {where}"),
        "where_cursor": _("Cursor at {where}, {n} points drawn"),
        "where_brush": _("Brush at {where}, radius {size} px {down}"),
        "brush_down": _("· painting"),
    }


def _keys_of_viewing() -> dict[str, str]:
    return {
        "undo": _("Undo"),
        "key_next": _("Next disagreement"),
        "key_previous": _("Previous disagreement"),
        "key_clear": _("Open the decision again"),
        "key_add": _("Add a lesion that neither drew"),
        "key_add_bladder": _("Add bladder that neither drew"),
        "key_panel": _("Next panel"),
        "key_comment": _("Comment (Esc leaves it)"),
        "key_exclude": _("Exclude a projection"),
        "key_second_opinion": _("Ask for a second opinion"),
        "key_finish": _("Finish"),
        "key_zoom": _("To the disagreement, and back"),
        "key_all": _("Whole body"),
        "key_in": _("Larger"),
        "key_out": _("Smaller"),
        "key_pan": _("Move the images"),
        "key_darker": _("Darker"),
        "key_brighter": _("Brighter"),
        "key_harder": _("More contrast"),
        "key_softer": _("Less contrast"),
        "key_reset": _("Brightness as it was"),
        "key_grey": _("Black on white, white on black"),
        "key_outlines": _("Outlines on and off"),
        "key_model": _("Model's outline (its use is recorded)"),
        "key_help": _("This help"),
    }


def _keys_of_editing() -> dict[str, str]:
    return {
        "tool_points": _("Points"),
        "tool_draw": _("Draw"),
        "tool_hole": _("Hole"),
        "tool_brush": _("Brush"),
        "tool_erase": _("Eraser"),
        "key_next_point": _("Next point"),
        "key_previous_point": _("Previous point"),
        "key_next_ring": _("Next outline or hole"),
        "key_move": _("Move point or cursor by a pixel"),
        "key_move_far": _("… by eight pixels"),
        "key_move_near": _("… by a quarter"),
        "key_add_point": _("Add a point after this one"),
        "key_delete_point": _("Delete the point"),
        "key_delete_ring": _("Delete the outline or hole"),
        "key_put": _("Set a corner; brush down and up"),
        "key_close": _("Close the drawn line"),
        "key_smaller": _("Smaller brush"),
        "key_larger": _("Larger brush"),
        "key_label": _("Metastasis or bladder"),
        "key_from_first": _("Start from the first"),
        "key_from_second": _("Start from the second"),
        "key_from_nothing": _("Start from nothing"),
        "key_save": _("Save the outline"),
        "key_cancel": _("Leave without saving"),
    }
