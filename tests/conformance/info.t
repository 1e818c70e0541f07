# guest-info. The version is the level of the protocol that each implements.

@mask "version": "[0-9.]+" -> "version": "(version)"

# Either agent may have commands that the other has not.

== the commands both have, in order
@view list
@shared "name": "([^"]+)"
> {"execute":"guest-info"}
< {"return": {"version": "(version)", "supported_commands": [
<   {"enabled": true, "name": "guest-network-get-route", "success-response": true}
<   {"enabled": true, "name": "guest-get-load", "success-response": true}
<   {"enabled": true, "name": "guest-get-cpustats", "success-response": true}
<   {"enabled": true, "name": "guest-get-diskstats", "success-response": true}
<   {"enabled": true, "name": "guest-ssh-remove-authorized-keys", "success-response": true}
<   {"enabled": true, "name": "guest-ssh-add-authorized-keys", "success-response": true}
<   {"enabled": true, "name": "guest-ssh-get-authorized-keys", "success-response": true}
<   {"enabled": true, "name": "guest-get-osinfo", "success-response": true}
<   {"enabled": true, "name": "guest-get-timezone", "success-response": true}
<   {"enabled": true, "name": "guest-get-users", "success-response": true}
<   {"enabled": true, "name": "guest-get-host-name", "success-response": true}
<   {"enabled": true, "name": "guest-exec", "success-response": true}
<   {"enabled": true, "name": "guest-exec-status", "success-response": true}
<   {"enabled": true, "name": "guest-get-memory-block-info", "success-response": true}
<   {"enabled": true, "name": "guest-set-memory-blocks", "success-response": true}
<   {"enabled": true, "name": "guest-get-memory-blocks", "success-response": true}
<   {"enabled": true, "name": "guest-set-user-password", "success-response": true}
<   {"enabled": true, "name": "guest-get-fsinfo", "success-response": true}
<   {"enabled": true, "name": "guest-get-disks", "success-response": true}
<   {"enabled": true, "name": "guest-set-vcpus", "success-response": true}
<   {"enabled": true, "name": "guest-get-vcpus", "success-response": true}
<   {"enabled": true, "name": "guest-network-get-interfaces", "success-response": true}
<   {"enabled": true, "name": "guest-suspend-hybrid", "success-response": false}
<   {"enabled": true, "name": "guest-suspend-ram", "success-response": false}
<   {"enabled": true, "name": "guest-suspend-disk", "success-response": false}
<   {"enabled": true, "name": "guest-fstrim", "success-response": true}
<   {"enabled": true, "name": "guest-fsfreeze-thaw", "success-response": true}
<   {"enabled": true, "name": "guest-fsfreeze-freeze-list", "success-response": true}
<   {"enabled": true, "name": "guest-fsfreeze-freeze", "success-response": true}
<   {"enabled": true, "name": "guest-fsfreeze-status", "success-response": true}
<   {"enabled": true, "name": "guest-file-flush", "success-response": true}
<   {"enabled": true, "name": "guest-file-seek", "success-response": true}
<   {"enabled": true, "name": "guest-file-write", "success-response": true}
<   {"enabled": true, "name": "guest-file-read", "success-response": true}
<   {"enabled": true, "name": "guest-file-close", "success-response": true}
<   {"enabled": true, "name": "guest-file-open", "success-response": true}
<   {"enabled": true, "name": "guest-shutdown", "success-response": false}
<   {"enabled": true, "name": "guest-info", "success-response": true}
<   {"enabled": true, "name": "guest-set-time", "success-response": true}
<   {"enabled": true, "name": "guest-get-time", "success-response": true}
<   {"enabled": true, "name": "guest-ping", "success-response": true}
<   {"enabled": true, "name": "guest-sync", "success-response": true}
<   {"enabled": true, "name": "guest-sync-delimited", "success-response": true}
< ]}}

== the frame around the list
@view list
@keep ^[{\]]
> {"execute":"guest-info"}
< {"return": {"version": "(version)", "supported_commands": [
< ]}}

== with an id
@view list
@keep ^[{\]]
> {"execute":"guest-info","id":"x"}
< {"return": {"version": "(version)", "supported_commands": [
< ]}, "id": "x"}

== with empty arguments
@view list
@keep ^[{\]]
> {"execute":"guest-info","arguments":{}}
< {"return": {"version": "(version)", "supported_commands": [
< ]}}

== commands which answer only when they fail
@view list
@shared "name": "([^"]+)"
@keep "success-response": false
> {"execute":"guest-info"}
<   {"enabled": true, "name": "guest-suspend-hybrid", "success-response": false}
<   {"enabled": true, "name": "guest-suspend-ram", "success-response": false}
<   {"enabled": true, "name": "guest-suspend-disk", "success-response": false}
<   {"enabled": true, "name": "guest-shutdown", "success-response": false}

== nothing is disabled by default
@view list
@keep "enabled": false
> {"execute":"guest-info"}
