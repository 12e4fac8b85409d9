using Demo;
using Formation;

namespace Chaos;

/// <summary>One scenario under way: its stage, what it waits for, and what was measured.</summary>
internal sealed class Run(string scenario, Stage stage, Action<Measure> tell, CancellationToken stop)
{
    /// <summary>By then anything has failed that has not come; generous, since lateness is told by itself.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(150);

    public Stage Stage => stage;

    public Kubelet Kubelet => stage.Kubelet;

    public CancellationToken Stop => stop;

    public TimeSpan Now => stage.Lookout.Now;

    /// <summary>The pods that are meant to run, whether or not their containers do just now.</summary>
    public IReadOnlyList<Pod> Pods => [.. Kubelet.Pods.Where(pod => pod is { Ending: false, IsGone: false })];

    /// <summary>Those pods, each with what its silo said last.</summary>
    public IReadOnlyList<(Pod Pod, Told? Told)> Live => Ask(Pods);

    /// <summary>Of the cluster that formed first.</summary>
    public Guid Lineage { get; private set; }

    /// <summary>Of the cluster that formed first.</summary>
    public int Epoch { get; private set; }

    /// <summary>How long the first silos took, all started at once.</summary>
    public TimeSpan FirstStart { get; private set; }

    public IReadOnlyList<(Pod Pod, Told? Told)> Ask(IEnumerable<Pod> pods) =>
        [.. pods.Select(pod => (pod, stage.Lookout.Of(pod)))];

    public Told Of(Pod pod) => stage.Lookout.Of(pod) ?? throw new DemoFailed($"{pod.Name} does not answer");

    public Pod Leader => Live.FirstOrDefault(each => each.Told is { IsLeader: true }).Pod
        ?? throw new DemoFailed("nobody leads");

    /// <summary>Starts so many silos at once and waits until they are one cluster, ready in DNS.</summary>
    public async Task FormAsync(int silos)
    {
        var begun = Now;
        for (var index = 0; index < silos; index++) await Kubelet.StartPodAsync($"silo-{index}", stop);
        FirstStart = await UntilAsync($"{silos} started: Active in all views", Expected.Nothing, begun,
            () => Views.NotActive(Live));
        await SettleAsync("before: equal views");
        (Lineage, Epoch) = (Live[0].Told!.Lineage, Live[0].Told!.Epoch);
    }

    /// <summary>Waits until all is as it should be: equal views, the wanted voters, everybody ready.</summary>
    public async Task SettleAsync(string what)
    {
        await UntilAsync(what, () => Views.NotEqual(Live)
            ?? Pods.Where(pod => !pod.IsReady).Select(pod => $"{pod.Name} is not ready").FirstOrDefault());
        var told = Live[0].Told!;
        Check(what, true, $"epoch {told.Epoch}, {told.Voters} voters, {told.View.Count} rows", "equal");
    }

    /// <summary>Waits, measures from that moment on, and holds it against what is expected.</summary>
    public async Task<TimeSpan> UntilAsync(string what, Expected expected, TimeSpan since, Func<string?> missing)
    {
        await UntilAsync(what, missing);
        var took = Now - since;
        Tell(what, took, expected);
        return took;
    }

    /// <summary>Some silo that does not lead, and the others.</summary>
    public (Pod Survivor, IReadOnlyList<Pod> Others) Part()
    {
        var survivor = Live.First(each => each.Told is { IsLeader: false }).Pod;
        return (survivor, [.. Pods.Where(pod => pod != survivor)]);
    }

    public Task UntilRescuedAsync(string what, Pod survivor, Expected expected, TimeSpan since) =>
        UntilAsync($"{what}: rescued into a new epoch", expected, since,
            () => Ask([survivor])[0].Told is { HasMajority: true } told && told.Epoch > Epoch
                ? null
                : "the survivor has no majority in a new epoch");

    /// <summary>Lets a fault go on until it has lasted so long: that waits for nothing.</summary>
    public async Task LastAsync(TimeSpan since, TimeSpan length)
    {
        var rest = length - (Now - since);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, stop);
    }

    /// <summary>Waits without measuring.</summary>
    public Task UntilAsync(string what, Func<string?> missing) =>
        stage.Lookout.UntilAsync(what, Limit, missing, stop);

    public void Tell(string what, TimeSpan took, Expected expected) => tell(new Measure(
        scenario, what, $"{took.TotalSeconds:0.0} s", expected.Text, expected.Of(took.TotalSeconds))
    {
        Seconds = Math.Round(took.TotalSeconds, 3),
    });

    public void Check(string what, bool isTrue, string seen, string expected) =>
        tell(new Measure(scenario, what, seen, expected, isTrue ? Verdict.Ok : Verdict.Failed));

    /// <summary>SIGKILL of all at once, as if the container had crashed: kubelet starts it again in its pod.</summary>
    public static void Crash(IEnumerable<Pod> pods)
    {
        foreach (var pod in pods) pod.Process!.Kill();
    }

    /// <summary>What every scenario must show at its end.</summary>
    public async Task FinishAsync(Aftermath aftermath = default)
    {
        await SettleAsync("after: equal views");
        await UntilAsync("those declared Dead have ended", () => stage.Audit.DeadAndRunning is [var (silo, by), ..]
            ? $"{by.Name} sees {silo} as Dead, whose process runs"
            : null);
        var declared = stage.Audit.DeclaredWhileRunning;
        Check("declared Dead while the process ran", declared <= aftermath.MayBeDeclared,
            declared == 0 ? "nobody" : $"{declared}, and ended",
            aftermath.MayBeDeclared == 0 ? "nobody" : $"≤ {aftermath.MayBeDeclared}, and ended");
        CheckHistory(aftermath);
        var faults = stage.Audit.Faults;
        Check("two quorate epochs or lineages, two contents of one version", faults.Count == 0,
            faults.Count == 0 ? $"never ({stage.Audit.Claims} claims)" : string.Join("; ", faults), "never");
    }

    private void CheckHistory(Aftermath aftermath)
    {
        var told = Live[0].Told!;
        var (seen, before) = ($"{told.Lineage:N}"[..8], $"{Lineage:N}"[..8]);
        Check(aftermath.IsNewLineage ? "a new lineage" : "the same lineage",
            (told.Lineage != Lineage) == aftermath.IsNewLineage, seen,
            aftermath.IsNewLineage ? $"not {before}" : before);
        if (!aftermath.IsNewLineage && !aftermath.MayRescue)
            Check("no rescue was needed", told.Epoch == Epoch, $"epoch {told.Epoch}", $"epoch {Epoch}");
    }
}

/// <summary>What a scenario may leave behind; nothing, if not said otherwise.</summary>
/// <param name="MayBeDeclared">So many may be declared Dead while their processes ran, if they end.</param>
internal readonly record struct Aftermath(bool IsNewLineage, bool MayRescue, int MayBeDeclared);
