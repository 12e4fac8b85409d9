using Chaos;
using Demo;
using KubeDns.Local.Model;

namespace Pods;

/// <summary>One kind of fault: whom it hits, how it begins and how it ends.</summary>
internal sealed record Trouble(string Name, int Pods, Func<Run, IReadOnlyList<Pod>, Task> BeginAsync)
{
    private static readonly Func<Run, IReadOnlyList<Pod>, Task> Nothing = (_, _) => Task.CompletedTask;

    public Func<Run, IReadOnlyList<Pod>, Task> EndAsync { get; private init; } = Nothing;

    /// <summary>What may happen at random.</summary>
    public static IReadOnlyList<Trouble> All { get; } =
    [
        Net("dropped", 1, (run, pods) => Faults.SeparateAsync(pods[0], run.Pods.Except(pods), Cut.Drop)),
        Net("rejected", 1, (run, pods) => Faults.SeparateAsync(pods[0], run.Pods.Except(pods), Cut.Reject)),
        Net("link cut", 2, (_, pods) => Faults.SeparateAsync(pods[0], [pods[1]], Cut.Drop)),
        Net("deaf", 1, (run, pods) => Faults.DeafenAsync(pods[0], run.Pods.Except(pods))),
        Net("isolated", 1, (_, pods) => Faults.IsolateAsync(pods[0])),
        Net("dead sidecar", 1, (_, pods) => Faults.DeadSidecarAsync(pods[0])),
        new("stopped", 1, (_, pods) => Signals.SendAsync(pods[0], "STOP"))
        {
            EndAsync = (_, pods) => Signals.SendAsync(pods[0], "CONT"),
        },
        new("killed", 1, Crash), new("killed", 2, Crash),
        new("replaced", 1, async (run, pods) =>
        {
            Kubelet.Crash(pods[0]);
            await pods[0].Process!.WaitForExitAsync(run.Stop);
            await run.Kubelet.ReplaceAsync(pods[0], run.Stop);
        }),
        new("updated", 1, async (run, pods) =>
        {
            await run.Kubelet.DeleteAsync(pods[0], run.Stop);
            await run.Kubelet.StartPodAsync(pods[0].Name, run.Stop);
        }),
        Dns("API server cut off", new FaultSpec { PublicationDelayMs = -1 }),
        Dns("DNS silent", new FaultSpec { Answer = FaultAnswer.Drop }),
        Dns("DNS says NXDOMAIN", new FaultSpec { Answer = FaultAnswer.NxDomain }),
        Dns("DNS says SERVFAIL", new FaultSpec { Answer = FaultAnswer.ServFail }),
    ];

    private static Trouble Net(string name, int pods, Func<Run, IReadOnlyList<Pod>, Task> begin) =>
        new(name, pods, begin) { EndAsync = (_, hit) => Faults.HealAsync(hit[0]) };

    private static Trouble Dns(string name, FaultSpec faults) => new(name, 0, (run, _) =>
    {
        run.Stage.SetDnsFaults(faults);
        return Task.CompletedTask;
    })
    {
        EndAsync = (run, _) =>
        {
            run.Stage.SetDnsFaults(FaultSpec.None);
            return Task.CompletedTask;
        },
    };

    private static Task Crash(Run run, IReadOnlyList<Pod> pods)
    {
        Run.Crash(pods);
        return Task.CompletedTask;
    }
}
