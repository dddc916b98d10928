"""What runs in the background.

The log's tick. The floor above wires it to the sweeper and to its alarms (sequencer.lag).
"""

from marketplace.evidence.sequencer import sequence_all
from marketplace.evidence.witnessing import ask_witnesses


def tick() -> None:
    """Sequence what waits, sign, and ask the witnesses.

    Outside any transaction: a witness must only ever see a checkpoint that is committed, for what it has
    signed cannot be taken back. Any number of processes may tick; one works, the others wait for it and find
    nothing.
    """
    sequence_all()
    ask_witnesses()
