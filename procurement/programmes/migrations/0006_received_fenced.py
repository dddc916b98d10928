from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programmes", "0005_choosing_moves")]
    operations = [
        migrations.AddField(
            model_name="recipient",
            name="received_fenced",
            field=models.PositiveIntegerField(
                default=0, db_default=0, help_text="the part of it that assistance-only purses paid"
            ),
        ),
    ]
