"""Diagnosis: which classic mistake makes a gradient wrong."""

from fcnref.diagnosis.diagnose import diagnose
from fcnref.diagnosis.report import Finding, Report

__all__ = ["Finding", "Report", "diagnose"]
