"""Two producers may number their purchase notes alike."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisations", "0005_place_stays"), ("provenance", "0008_agreement_guards")]

    operations = [
        migrations.AlterField(
            model_name="collection",
            name="note",
            field=models.CharField(help_text="the producer's number of the purchase note", max_length=80),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(fields=("producer", "note"), name="a_purchase_note_is_entered_once"),
        ),
    ]
