using Chaos;
using Chaos.Scenarios;
using Demo;
using Pods.Writes;

namespace Pods.Scenarios;

/// <summary>
/// Nodes are gone without a word: their pods are silent at once, and stay listed. The node controller gives them up
/// later (here after 10 s; 40 s in a cluster). They come back as nodes do whose cable was out: with the silos that they
/// had. Silos are asked to write as the nodes vanish and as they return: none of that may be lost but by right.
/// </summary>
internal sealed class NodeLoss(int silos, int lost) : IScenario
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>So long silos are asked to write once the nodes are back.</summary>
    private static readonly TimeSpan Return = TimeSpan.FromSeconds(2);

    public string Name => $"node-loss-{lost}-of-{silos}";

    public string Summary => $"the nodes of {lost} of {silos} silent and listed, not ready after 10 s; they return";

    private bool IsMajority => lost * 2 > silos;

    public async Task PlayAsync(Run run)
    {
        var ledger = Closing.Open(run);
        await run.FormAsync(silos);
        await using var clerks = new Clerks(run);
        clerks.Start();
        var (survivor, _) = run.Part();
        var voters = run.Of(survivor).VoterNames;
        var nodes = run.Pods.Where(pod => pod != survivor)
            .OrderBy(pod => !voters.Contains(pod.Fqdn)).Take(lost).ToList();
        var rest = run.Pods.Except(nodes).ToList();
        var addresses = nodes.Select(pod => run.Of(pod).Silo).ToList();
        clerks.BeginWriting();
        await clerks.UntilWinningAsync();
        var begun = run.Now;
        foreach (var pod in nodes)
        {
            ledger.Excuse(pod);
            pod.IsUnseen = true;
        }

        await Task.WhenAll(nodes.Select(Faults.IsolateAsync));
        await run.LastAsync(begun, Grace);
        clerks.EndWriting();
        foreach (var pod in nodes) await run.Kubelet.GiveUpAsync(pod, run.Stop);
        if (IsMajority) await RescueAsync(run, survivor, begun);
        var replaced = Expected.Within(IsMajority ? 66 : 15);
        await run.UntilAsync("nodes lost: none of them votes for the rest", replaced, begun,
            () => nodes.FirstOrDefault(pod => run.Of(survivor).VoterNames.Contains(pod.Fqdn)) is { } voter
                ? $"{voter.Name} does"
                : null);
        await EvictAsync(run, rest, addresses, begun);
        await ReturnAsync(run, nodes, clerks);
        await clerks.ConcludeAsync(run.Pods);
        Closing.Check(run, ledger);
        await run.FinishAsync(new Aftermath { MayRescue = IsMajority, MayBeDeclared = lost });
    }

    // 10 s until not ready, NotReadyFor, RescueAfter at most beside it, look-ups and DNS behind it.
    private static Task RescueAsync(Run run, Pod survivor, TimeSpan begun) =>
        run.UntilRescuedAsync("nodes lost", survivor, Expected.Within(30, 66), begun);

    // They may reach each other before they meet the survivor, and must not take themselves for a majority then. Asked
    // to write at that moment they were told of wins that no later table had, until they looked around (protocol § 4).
    private static async Task ReturnAsync(Run run, IReadOnlyList<Pod> nodes, Clerks clerks)
    {
        var healed = run.Now;
        clerks.BeginWriting();
        await Task.WhenAll(nodes.Select(Faults.HealAsync));
        foreach (var pod in nodes) pod.IsUnseen = false;
        await run.LastAsync(healed, Return);
        clerks.EndWriting();
        await run.UntilAsync("nodes back: equal views, voters as due", Expected.Within(5, 25), healed,
            () => Views.NotEqual(run.Live));
    }

    private static async Task EvictAsync(
        Run run, IReadOnlyList<Pod> rest, IReadOnlyList<string> silos, TimeSpan begun)
    {
        await run.UntilAsync("nodes lost: rows Dead", Expected.Within(90), begun,
            () => silos.Select(silo => Views.NotDead(run.Ask(rest), silo)).FirstOrDefault(text => text is not null));
        await run.UntilAsync("nodes lost: one of the rest leads, voters as due", Expected.Within(90), begun,
            () => Views.NotEqual(run.Ask(rest)));
    }
}
