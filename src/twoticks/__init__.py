"""Twoticks: self-hosted WhatsApp campaigns whose every message is accounted for."""

__version__ = "0.1.0"
