# Completions of ipbox and its applets for bash. The program itself knows the words, so this needs
# no change when it learns new ones; `ipbox` must be on PATH.
#
# To use it: source this file, or copy it to /usr/share/bash-completion/completions/ipbox (and
# link the names of the applets to it, if ipbox stands for them).

_ipbox() {
    local line word
    local -a words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    words[0]=${words[0]##*/}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        $'\tfiles')
            compopt -o default 2>/dev/null
            ;;
        *)
            # What follows the tab is for shells that show it.
            word=${line%%$'\t'*}
            [[ $word == *[!A-Za-z0-9._/:,=@%+^-]* ]] && printf -v word %q "$word"
            COMPREPLY+=("$word")
            ;;
        esac
    done < <(ipbox __complete "${words[@]}" 2>/dev/null)
}

complete -F _ipbox ipbox ip arp ping ping4 ping6 route sysctl \
    iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore
