from typing import Any

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        # Only now: these modules need every room's models.
        from realtime.doorbell import bellpush
        from realtime.hub import wake_all
        from ruche.journal.signals import entry_recorded
        from ruche.journal.watching import watch

        def hear(sender: Any, keys: list[int], **kwargs: Any) -> None:
            watch.committed()
            wake_all()
            bellpush.press(keys)

        entry_recorded.connect(hear, weak=False, dispatch_uid="live")
