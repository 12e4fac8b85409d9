using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// What a run says, one line each: every message but the greetings; or what a scenario is about, and then nothing that
/// only repeats what another silo has said, and no resends.
/// </summary>
internal sealed class RunLines
{
    private static readonly string[] SaidByAll = ["VotersChanged", "LeaderChanged"];
    private static readonly string[] SaidAgain = ["LineageConflict"];

    private readonly HashSet<string> _said = [];
    private readonly HashSet<string> _hidden = [];
    private readonly List<string> _lines = [];
    private HashSet<string>? _shown;
    private string? _awaited;

    /// <summary>A line with what was awaited has been said, shown or not.</summary>
    public bool HasCome { get; private set; }

    /// <summary>
    /// "all", "nothing", or some of "traces" (with what is decided), "founding" and "rescue" (their messages).
    /// </summary>
    public void Show(IEnumerable<string> kinds) => _shown = kinds.Contains("all") ? null : [.. kinds];

    /// <summary>Traces of these events are left out from now on.</summary>
    public void Hide(IEnumerable<string> events) => _hidden.UnionWith(events);

    public void Await(string text) => (_awaited, HasCome) = (text, false);

    public IReadOnlyList<string> Take()
    {
        var taken = _lines.ToList();
        _lines.Clear();
        return taken;
    }

    /// <summary>What the scenario itself did or asked; always shown.</summary>
    public void Note(string line) => _lines.Add(line);

    public void Message(long now, string from, string to, Message body)
    {
        if (body is Greet or Greeting) return;
        var kind = body.GetType().Name switch
        {
            var name when name.StartsWith("Found", StringComparison.Ordinal) => "founding",
            var name when name.StartsWith("Rescue", StringComparison.Ordinal) => "rescue",
            _ => "all",
        };
        Say(kind, now, $"{from} -> {to} {Scenario.Say(body)}", isOnce: true);
    }

    public void Trace(long now, string silo, Trace trace)
    {
        var text = $"{trace.Event} {Scenario.Plain(trace.Text)}";
        Heard(text);
        if (_hidden.Contains(trace.Event) || !Shows("traces")) return;
        if (_shown is not null && IsRepeated(trace.Event, silo, text)) return;
        _lines.Add($"{now,6} {silo} {text}");
    }

    public void Committed(long now, string silo, Command command, ClusterState state)
    {
        var text = $"Committed {state.Index} {Scenario.Say(command)}";
        Heard(text);
        var isNew = _said.Add($"{state.Lineage} {state.Epoch} {text}");
        if (Shows("traces") && (_shown is null || isNew)) _lines.Add($"{now,6} {silo} {text}");
    }

    /// <summary>What became of a process.</summary>
    public void Fate(long now, string silo, string text) => Say("traces", now, $"{silo} {text}", isOnce: false);

    private bool IsRepeated(string name, string silo, string text) =>
        (SaidByAll.Contains(name) && !_said.Add(text)) || (SaidAgain.Contains(name) && !_said.Add($"{silo} {text}"));

    private void Say(string kind, long now, string text, bool isOnce)
    {
        Heard(text);
        if (Shows(kind) && (_shown is null || !isOnce || _said.Add(text))) _lines.Add($"{now,6} {text}");
    }

    private void Heard(string text) =>
        HasCome |= _awaited is { } awaited && text.Contains(awaited, StringComparison.Ordinal);

    private bool Shows(string kind) => _shown is null || _shown.Contains(kind);
}
