"""Diagnosis: which classic mistake makes a gradient wrong."""

from fcnref.diagnosis.blind import BlindSpots, blind_spots
from fcnref.diagnosis.diagnose import diagnose
from fcnref.diagnosis.gallery import Card, Cards, cards
from fcnref.diagnosis.make import Made, single_mistakes, wrong_gradients
from fcnref.diagnosis.report import Finding, Report

__all__ = [
    "BlindSpots",
    "Card",
    "Cards",
    "Finding",
    "Made",
    "Report",
    "blind_spots",
    "cards",
    "diagnose",
    "single_mistakes",
    "wrong_gradients",
]
