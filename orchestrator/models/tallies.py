"""Tallies: figures that grow, kept where every process reads the same."""

from django.db import models


class Tally(models.Model):
    """How often something happened, or how many seconds it took in all; `label` tells the kinds apart."""

    name = models.CharField(max_length=64)
    label = models.CharField(max_length=64, blank=True)
    value = models.FloatField(default=0)

    class Meta:
        ordering = ["name", "label"]
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["name", "label"], name="one_tally_of_label")]

    def __str__(self) -> str:
        return f"{self.name} {self.label}".rstrip()
