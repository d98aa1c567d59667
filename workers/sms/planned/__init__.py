"""Texts that are sent later: their life, their release, what people order about them."""
