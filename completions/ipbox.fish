# Completions of ipbox and its applets for fish. The program itself knows the words, so this needs
# no change when it learns new ones; `ipbox` must be on PATH.
#
# To use it: source this file, or copy it to ~/.config/fish/completions/ under the names of the
# applets that ipbox stands for.

function __ipbox_complete
    set -l typed (commandline -opc) (commandline -ct)
    set typed[1] (string replace -r '^.*/' '' -- $typed[1])
    for line in (ipbox __complete $typed 2>/dev/null)
        if test "$line" = \tfiles
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end

for name in ipbox ip arp ping ping4 ping6 route sysctl \
        iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore
    complete -c $name -e
    complete -c $name -f -k -a '(__ipbox_complete)'
end
