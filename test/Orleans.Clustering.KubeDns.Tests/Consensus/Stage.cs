using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Does what the lines of a scenario say; ScenarioTests reads and writes them.</summary>
internal sealed class Stage
{
    private readonly HandDelivery _cluster = new();
    private readonly Dictionary<string, Action<string>> _each;
    private readonly Dictionary<string, Action<string[]>> _whole;
    private readonly Pods _pods;

    public Stage()
    {
        _pods = new Pods(_cluster);
        _each = OfKubernetes().Concat(OfSilos()).ToDictionary();
        _whole = OfNetwork().Concat(OfReading()).ToDictionary();
    }

    /// <summary>What is said while that is done.</summary>
    public IReadOnlyList<string> Play(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (_whole.TryGetValue(words[0], out var act)) act(words[1..]);
        else if (_each.TryGetValue(words[0], out var actOnEach)) words[1..].ToList().ForEach(actOnEach);
        else throw new InvalidOperationException($"what is '{words[0]}'?");
        return _cluster.Lines.Take();
    }

    // Each takes pods by their letters.
    private Dictionary<string, Action<string>> OfKubernetes() => new()
    {
        ["start"] = _pods.Start,
        ["restart"] = _pods.Start,
        ["replace"] = _pods.Replace,
        ["delete"] = _pods.Delete,
        ["lose"] = _pods.Lose,
        ["stop"] = _pods.Stop,
        ["pending"] = _pods.Pending,
        ["foreign"] = _pods.BecomeForeign,
        ["ready"] = _pods.Ready,
        ["unready"] = _pods.Unready,
        ["unlist"] = _pods.Unlist,
    };

    private Dictionary<string, Action<string>> OfSilos() => new()
    {
        ["join"] = _pods.Join,
        ["kill"] = name => _cluster.Kill(_pods[name]),
        ["pause"] = name => _cluster.Pause(_pods[name]),
        ["resume"] = name => _cluster.Resume(_pods[name]),
        ["leave"] = name => _cluster.Leave(_pods[name]),
        ["insert"] = Insert,
        ["write"] = Write,
        ["answers"] = Answers,
    };

    // Groups of pods that are parted: ab c.
    private Dictionary<string, Action<string[]>> OfNetwork() => new()
    {
        ["cut"] = groups => _cluster.Network.Cut([.. groups.Select(_pods.AddressesOfAll)]),
        ["reject"] = pair => _cluster.Network.Reject(_pods.AddressOf(pair[0]), _pods.AddressOf(pair[1])),
        ["heal"] = _ => _cluster.Network.Heal(),
        ["hold"] = words => _cluster.Holds = letter => letter.Body.GetType().Name == words[0],
        ["release"] = _ => _cluster.Release(),
        ["dns"] = words => _cluster.Dns.Manner = Enum.Parse<DnsManner>(words[0], ignoreCase: true),
        ["fork"] = groups => _cluster.Dns.Forks.AddRange(groups.Select(_pods.AddressesOfAll)),
        ["unfork"] = _ => _cluster.Dns.Forks.Clear(),
    };

    private Dictionary<string, Action<string[]>> OfReading() => new()
    {
        ["with"] = words => words.ToList().ForEach(Set),
        ["run"] = words => _cluster.Run(long.Parse(words[0])),
        ["until"] = Until,
        ["state"] = State,
        ["show"] = _cluster.Lines.Show,
        ["hide"] = _cluster.Lines.Hide,
    };

    private void Set(string option)
    {
        switch (option)
        {
            case "ready-service": _cluster.Dns.HasReadyService = true; break;
            case "QuorumLoss=Wait": _cluster.Settings = _cluster.Settings with { MayRescue = false }; break;
            case "MinimumSilos=2": _cluster.Settings = _cluster.Settings with { MinimumSilos = 2 }; break;
            default: throw new InvalidOperationException($"what is '{option}'?");
        }
    }

    // Until somebody says that, shown or not.
    private void Until(string[] words)
    {
        _cluster.Lines.Await(string.Join(' ', words));
        _cluster.Until(() => _cluster.Lines.HasCome, within: 180_000);
    }

    private void Insert(string name) =>
        _cluster.Write(_pods[name], Given.Insert(Scenario.Member("e"), _pods[name].State.Tag));

    // Its own row, as it is.
    private void Write(string name)
    {
        var state = _pods[name].State;
        var row = state.Table.RowOf(_pods[name].Self)!;
        _cluster.Write(_pods[name], new UpdateRow(row, new RowTag(state.Epoch, row.WrittenAt), state.Tag));
    }

    private void Answers(string name)
    {
        var silo = _pods[name];
        var told = silo.Outcomes.Values.Select(answer => answer?.ToString() ?? "none");
        _cluster.Lines.Note($"       {silo} was told {string.Join(' ', told)}; it is at {silo.State.Index}, "
            + $"voters {Scenario.Say(silo.State.Voters)}");
    }

    // Those that say the same say it together.
    private void State(string[] names)
    {
        foreach (var group in names.Select(name => _pods[name]).GroupBy(silo => Describe(silo.Replica)))
            _cluster.Lines.Note($"       {string.Join(' ', group)}: {group.Key}");
    }

    private static string Describe(Replica replica)
    {
        if (replica.State is not { } state) return $"no lineage, waits for {Scenario.Plain(replica.WaitingFor)}";
        var rows = state.Table.Rows.Values.Select(row => $"{Scenario.Name(row.Owner!)} {row.State}");
        return $"epoch {Scenario.Say(state.Epoch)} at {state.Index}, voters {Scenario.Say(state.Voters)}"
            + $"{(replica.LostSince < 0 ? "" : ", majority lost")}; {string.Join(", ", rows)}";
    }
}
