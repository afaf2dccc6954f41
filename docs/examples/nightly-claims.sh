#!/bin/sh
# Judges what lies in a folder and prints nothing when all is well, so that cron mails only what somebody must see.
# In: the folder of claim files, the folder for reports. Out: edi-check's exit code. In the crontab:
#   15 2 * * *  flock -n $HOME/.claims.lock $HOME/nightly-claims.sh /srv/claims/outbox /srv/claims/reports
# The mail holds file names and counts, never values of a claim; the report does, and is readable by its owner only.
set -u
claims=$1 reports=$2
day=$(date +%Y-%m-%d)
mkdir -p -m 0700 "$reports"

edi-check check --no-progress --format json --output "$reports/$day.json" --report "html=$reports/$day.html" "$claims"
code=$?

case $code in
  0) ;;
  1) echo "Claims would be rejected: see $reports/$day.html" ;;
  2) echo "edi-check was called wrongly, or its settings are; nothing was checked." ;;
  3) echo "Something could not be checked, or a report not be written: see $reports/$day.html" ;;
  *) echo "edi-check ended with $code; that is no verdict. Run it again by hand." ;;
esac
exit $code
