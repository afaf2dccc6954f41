"""An Airflow 3 DAG: judge a folder of claim files each hour, pass on what is accepted, fail where a person is needed.

One command and its exit code; Airflow needs no provider for it. edi-check is in the worker's environment, or EDI_CHECK
names the command of a virtual environment of its own.
"""

import os
import subprocess
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

EDI_CHECK = os.environ.get("EDI_CHECK", "edi-check")
CLAIMS = os.environ.get("CLAIMS", "/srv/claims")


@dag(schedule="@hourly", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1)
def claims():
    @task(retries=2, retry_delay=timedelta(minutes=5))
    def judge(day: str) -> int:
        """The exit code: 0, or 1 when some claims must be mended. The logical date is the day of receipt, so a rerun
        of an old interval gives the bytes it gave then."""
        os.makedirs(f"{CLAIMS}/reports", mode=0o700, exist_ok=True)
        code = subprocess.run([  # noqa: S603 - no shell, and nothing in it comes from outside
            EDI_CHECK, "check", "--quiet", "--no-progress", "--as-of", day, "--format", "json",
            "--output", f"{CLAIMS}/reports/{day}.json", "--report", f"html={CLAIMS}/reports/{day}.html",
            "--ack-dir", f"{CLAIMS}/answers", "--split-dir", f"{CLAIMS}/sorted", f"{CLAIMS}/outbox",
        ]).returncode
        if code in (0, 1):
            return code
        if code in (2, 3):  # the same again would end the same
            raise AirflowFailException(f"edi-check: exit code {code}: nothing, or not all, could be checked")
        raise RuntimeError(f"edi-check: exit code {code}: no verdict")  # retried

    @task
    def send_accepted() -> int:
        """Yours: hand over what is in sorted/*.accepted.837; the number of files."""
        return sum(name.endswith(".accepted.837") for _, _, names in os.walk(f"{CLAIMS}/sorted") for name in names)

    @task
    def ask_for_corrections(code: int) -> None:
        """Fails when claims were rejected, so that somebody is told. What is accepted goes all the same."""
        if code:
            raise AirflowFailException(f"claims were rejected: see the reports in {CLAIMS}/reports")

    code = judge("{{ ds }}")
    code >> send_accepted()
    ask_for_corrections(code)


claims()
