"""What every figure of a report is, by its name; one sentence each, shown wherever the figure is."""

from backend.evaluation.candidates import FLOOR
from backend.evaluation.patients import CALL
from backend.evaluation.slices import BESIDE
from backend.measures.burden import LESION_WEIGHT
from backend.measures.intervals import RESAMPLES
from backend.measures.surface import TOLERANCE

DEFINITIONS = {
    "dice": "2 × shared pixels / (pixels of one + pixels of the other), mean over projections whose reference holds the"
    " label (between two of model and readers: where either marks it); ignored pixels count nowhere",
    "pooled_dice": "Dice of the pixels of all projections together",
    "dice_to_model": "Dice of model and reader, mean over projections where either holds the label",
    "between_readers": "Dice of two readers, mean over projections where either holds the label",
    "dice_to_reference": "Dice of reader and reference, mean over projections whose reference holds the label",
    "hd95_mm": "the larger of the two 95th percentiles of the distances from one border to the other, mean over"
    " projections where both hold the label and the pixel size is known, mm",
    "hd95_px": "as HD95 in mm, in pixels of the normalised grid, whether or not the pixel size is known",
    "surface_dice": f"share of both borders that lies at most {TOLERANCE} pixel from the other one, mean over"
    " projections as for the Dice; 0 where only one of the two marks the label",
    "f1": "2·matched/(2·matched + lesions without partner) over all projections; lesions are 8-connected components,"
    " matched by maximum-weight bipartite matching at IoU ≥ 0.1; n counts lesions, matched ones once",
    "f1_from_10_px": "F1 over lesions of 10 pixels or more; a matched lesion has the reference's size, a false one its"
    " own (between two of model and readers a matched one the mean of both)",
    "by_size": "as F1, over lesions of that many pixels; sizes as for F1 of 10 pixels or more",
    "sensitivity": "share found: of lesions, those of the reference that are matched; of patients, those with"
    " metastases who are called positive",
    "precision": "share of outlined lesions that match one of the reference; mostly ignored ones are left out",
    "false_per_study": "outlined lesions that match none of the reference, per study (both projections together)",
    "froc": "lesions found against false regions per study as the least confidence is lowered; candidates are the"
    f" outlined regions and, below the model's threshold, regions at a pixel probability ≥ {FLOOR:g} that touch none of"
    " them; the sensitivity at a rate is the highest with at most so many false regions; n counts lesions",
    "confidence": "of a region: how sure the model is that it is a lesion, from its mean pixel probability and size, as"
    " readers see it",
    "specificity": "share of patients without metastases who are called negative",
    "accuracy": "share of patients who are called rightly",
    "ppv": "share of the patients called positive who have metastases",
    "npv": "share of the patients called negative who have none",
    "auc": "area under the ROC curve; of patients: by the classifier's highest metastasis probability over the"
    " patient's crops (by mask: the outlined pixels), of crops: by the crop's probability, its truth whether the"
    " reference holds the label there, of regions: by their confidence, its truth whether they match a lesion",
    "patients": "positive where the classifier's highest metastasis probability over the patient's crops is"
    f" ≥ {CALL:g}",
    "patients_by_mask": "positive where the model outlines any metastasis; the AUC uses the outlined pixels",
    "readers": "a patient is positive for a reader who outlined any metastasis",
    "truth": "of a patient: the metastasis column, else whether a reference holds metastases",
    "ece": "expected calibration error: mean of |mean probability − share of positives| over the cases of each bin; of"
    " pixels those with a probability ≥ 0.05, of regions the outlined ones, positive where they match a lesion",
    "brier": "mean of (probability − truth)², over the same cases as the calibration error",
    "share": "share of positives among the cases of the bin",
    "bias": "mean over studies of first − second (Bland and Altman)",
    "limit_low": "bias − 1.96 standard deviations of the differences: lower 95 % limit of agreement",
    "limit_high": "bias + 1.96 standard deviations of the differences: upper 95 % limit of agreement",
    "icc": "ICC(A,1): intraclass correlation of single measurements for absolute agreement",
    "mean_absolute_error": "mean over studies of |first − second|",
    "bstbi": f"mean over the study's sub-images (low and high window of each projection), K = {LESION_WEIGHT}",
    "lesion_area_cm2": "pixels of metastases × pixel area, both projections summed, studies with known pixel size, cm²",
    "by_burden": "studies without metastases, and the thirds of the others by the reference's BSTBI",
    "seconds_per_study": "of the model: from the stored sub-images of both projections to masks and index, reading the"
    " scan's file not included; of a reader: while the study was open, where the source says; mean over studies",
    "differences": "this model − the champion on the same projections, paired, by patient; of false lesions: the share"
    " of projections without any on which one is outlined",
    "checks": "what the gate asks of: the model's own Dice, or its difference to the champion",
    "lesions": "lesions of the reference on the projection",
    "beside_bladder": f"whether a lesion of the reference lies within {BESIDE} pixels of the bladder",
    "exposure": "what the readers behind the reference saw first: all the model's outlines (assisted), none of them any"
    " (blind), or mixed",
    "contributed": "the reference was made with this reader's help, so the reader's agreement with it is no yardstick",
    "intervals": "95 %: Wilson for proportions of patients, DeLong for the AUC of patients and DeLong's clustered form"
    f" (Obuchowski) for that of crops and regions, else percentile bootstrap by patient, {RESAMPLES:,} resamples",
}

NAMES = {
    "differences": "difference",
    "checks": "figure",
    "dice": "Dice",
    "pooled_dice": "pooled Dice",
    "hd95_mm": "HD95",
    "hd95_px": "HD95",
    "surface_dice": "surface Dice",
    "f1": "F1",
    "f1_from_10_px": "F1, 10 pixels or more",
    "by_size": "F1 by size",
    "false_per_study": "false per study",
    "froc": "FROC",
    "ppv": "PPV",
    "npv": "NPV",
    "auc": "AUC",
    "patients": "call by classifier",
    "patients_by_mask": "call by mask",
    "readers": "reader's call",
    "ece": "calibration error",
    "brier": "Brier score",
    "limit_low": "lower limit",
    "limit_high": "upper limit",
    "icc": "ICC(A,1)",
    "mean_absolute_error": "mean absolute difference",
    "bstbi": "BSTBI",
    "lesion_area_cm2": "lesion area",
    "by_burden": "by burden",
    "seconds_per_study": "seconds per study",
    "beside_bladder": "beside the bladder",
}
"""In words, where the name of the document's key is none."""
