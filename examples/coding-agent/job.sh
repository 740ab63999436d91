# What the CI job runs. The runner gives it no secret of a developer: its identity is in ACTIONS_ID_TOKEN_REQUEST_*, which git never sees.
# Wanted: KEYWARD_SERVER, REPOSITORY (its address behind the gateway), TASK, and `keyward` in the PATH.
set -eu
git config --global credential."$KEYWARD_SERVER".useHttpPath true
git config --global --replace-all credential."$KEYWARD_SERVER".helper ''
git config --global --add credential."$KEYWARD_SERVER".helper '!keyward git-credential'
git config --global user.name 'Coding agent'
git config --global user.email coding-agent@example.com

rm -rf work
git clone --quiet "$REPOSITORY" work
cd work
git checkout --quiet -b "agent/$TASK"
date -u +"%Y-%m-%dT%H:%M:%SZ" >> CHANGES
git add CHANGES
git commit --quiet -m "Note the time" -m "Task: $TASK"
git push --quiet origin "agent/$TASK"
echo "pushed agent/$TASK as $(git rev-parse --short HEAD)"
