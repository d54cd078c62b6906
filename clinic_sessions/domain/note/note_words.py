"""How staff read what a note asks for, what a signature under it means, and why one is not written."""

from enum import StrEnum

from clinic_sessions.domain.note.note_content import AddendumReason, Meaning, NoteReason
from clinic_sessions.domain.note.note_required import Required

PAIRS: tuple[tuple[StrEnum, str], ...] = (
    (Required.PRESSURE_BEFORE, "Blood pressure before the dose"),
    (Required.LABEL, "Label and lot of the drug"),
    (Required.DOSE_ENDED, "End of the dose"),
    (Required.DOSE_GIVEN, "How much of the dose was given"),
    (Required.DRUG_LEFT, "What was drawn and neither given nor wasted"),
    (Required.WHY_HELD, "Why the dose was paused or stopped"),
    (Required.VITALS_AFTER, "Vitals since the end of the dose"),
    (Required.SEDATION, "Sedation before leaving"),
    (Required.DISSOCIATION, "Dissociation before leaving"),
    (Required.BREATHING, "Breathing before leaving"),
    (Required.ALDRETE, "Aldrete score since the end of the dose"),
    (Required.SIDE_EFFECTS, "Whether there were side effects"),
    (Required.EFFECTS_OUTCOME, "How each side effect stands"),
    (Required.WAY_HOME, "Way home"),
    (Required.INSTRUCTIONS, "Instructions"),
    (Required.BELONGINGS, "Belongings"),
    (Required.ENDING_WORDS, "How the visit ended, in words"),
    (Meaning.TREATED, "I cared for this patient, and this note is a true record."),
    (Meaning.REVIEWED, "I have reviewed this note, and it is a true record."),
    (AddendumReason.LATE_ENTRY, "Late entry"),
    (AddendumReason.CORRECTION, "Correction"),
    (AddendumReason.NEW_SINCE, "New since the signature"),
    (NoteReason.NOT_OVER, "The session is not over. Its note is signed once the patient has left."),
    (NoteReason.SIGNED_ALREADY, "The note is signed already. This is how it was signed."),
    (NoteReason.WORDS_TO_ADD, "The note is signed. Your words are kept below: add them as an addendum."),
    (NoteReason.WORDS_TO_COPY, "The note is signed. Your words are kept below and are not part of it: copy them."),
    (NoteReason.NOT_SIGNED, "The note is not signed yet. Write in the note itself."),
    (NoteReason.NOT_YOURS, "You have not recorded anything in this session. Its nurse or a provider signs the note."),
    (NoteReason.SOMETHING_MISSING, "Something that the note asks for is missing."),
    (NoteReason.NOT_AS_READ, "The record has changed since you opened the note. Read what is marked, then sign."),
    (NoteReason.WRITTEN_MEANWHILE, "Someone else saved the note meanwhile. Both versions are below."),
    (NoteReason.SIGNED_NO_STEP_BACK, "The note is signed. What was wrong is told in an addendum."),
)
