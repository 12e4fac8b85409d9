using Chaos;
using Chaos.Scenarios;
using Demo;
using Pods.Writes;

namespace Pods.Scenarios;

/// <summary>
/// Round after round one or two random faults at once, and after each round everything must heal. What is drawn follows
/// from the seed; when it strikes depends on the machine.
/// </summary>
internal sealed class RandomFaults(int seed, TimeSpan length, int silos = 4) : IScenario
{
    private readonly Random _random = new(seed);

    public string Name => "random";

    public string Summary => $"random faults of {silos} silos for {length.TotalMinutes:0.#} min, seed {seed}";

    public async Task PlayAsync(Run run)
    {
        var ledger = new Ledger(pod => pod.IsRunning ? pod.Process!.Id : null, DateTime.UtcNow - run.Now);
        run.Stage.Lookout.Seen += ledger.On;
        var attempts = new Attempts();
        await using var clerks = new Clerks(run.Kubelet, attempts, () => run.Now);
        await run.FormAsync(silos);
        clerks.Start();
        var begun = run.Now;
        // As many rounds as fit, and one at least.
        for (var round = 1; round == 1 || run.Now - begun < length; round++)
        {
            await PlayRoundAsync(run, ledger, clerks, round);
        }

        await clerks.EndAsync(run.Stop);
        Conclude(run, attempts);
        Conclude(run, ledger);
        // Who was cut off or stopped for long may be declared Dead, and then ends; the ledger says who may not.
        await run.FinishAsync(new Aftermath { MayRescue = true, MayBeDeclared = int.MaxValue });
    }

    private static void Conclude(Run run, Ledger ledger)
    {
        var faults = ledger.Faults;
        run.Check("views: nothing lost or doubled, nobody evicted who met no fault", faults.Count == 0,
            faults.Count == 0 ? $"{ledger.Versions} versions held" : string.Join("; ", faults), "never");
        var evicted = ledger.Evicted;
        var unexplained = Evictions.Unexplained(evicted, Logs.Lines(run.Stage.Folder));
        run.Check("evicted while they ran: a rule, a rescue or Orleans' votes", unexplained.Count == 0,
            unexplained.Count == 0 ? $"{evicted.Count}, all explained" : string.Join("; ", unexplained), "explained");
        var broken = Logs.Broken(run.Stage.Folder);
        run.Check("no rule of the protocol broken in the logs", broken.Count == 0,
            broken.Count == 0 ? "none" : string.Join("; ", broken.Take(3)), "none");
    }

    private static void Conclude(Run run, Attempts attempts)
    {
        var sums = attempts.Conclude();
        run.Check("compare-and-swaps", sums.Won > 0, $"{sums}", "some won");
        var faults = attempts.Faults;
        run.Check("what silos were told of them", faults.Count == 0,
            faults.Count == 0 ? "true" : $"{faults.Count}: {string.Join("; ", faults.Take(5))}", "true");
    }

    private async Task PlayRoundAsync(Run run, Ledger ledger, Clerks clerks, int round)
    {
        var troubles = Draw(run);
        var what = string.Join(", ", troubles.Select(each =>
            $"{string.Join(' ', each.Pods.Select(pod => pod.Name))} {each.Trouble.Name}".Trim()));
        foreach (var pod in troubles.SelectMany(each => each.Pods)) ledger.Excuse(pod);
        var length = TimeSpan.FromSeconds(2 + (8 * _random.NextDouble()));
        var begun = run.Now;
        clerks.BeginWriting();
        foreach (var (trouble, pods) in troubles) await trouble.BeginAsync(run, pods);
        await run.LastAsync(begun, length);
        foreach (var (trouble, pods) in troubles) await trouble.EndAsync(run, pods);
        // Views are equal only where nobody writes.
        clerks.EndWriting();
        await run.UntilAsync($"{round}: {what} for {(run.Now - begun).TotalSeconds:0.0} s: healed",
            Expected.Within(45), run.Now, () => Views.NotEqual(run.Live) ?? NotReady(run));
    }

    // Each pod is hit by one fault at a time, so that each fault ends as it began.
    private List<(Trouble Trouble, IReadOnlyList<Pod> Pods)> Draw(Run run)
    {
        var pods = new Queue<Pod>(run.Pods.OrderBy(pod => pod.Name).ToArray().OrderBy(_ => _random.Next()));
        var drawn = new List<(Trouble, IReadOnlyList<Pod>)>();
        var kinds = Trouble.All.OrderBy(_ => _random.Next()).Take(1 + _random.Next(2)).ToList();
        foreach (var trouble in kinds.Where((kind, index) => index == 0 || kind.Pods + kinds[0].Pods < 3))
        {
            drawn.Add((trouble, [.. Enumerable.Range(0, trouble.Pods).Select(_ => pods.Dequeue())]));
        }

        return drawn;
    }

    private static string? NotReady(Run run) =>
        run.Pods.Where(pod => !pod.IsReady).Select(pod => $"{pod.Name} is not ready").FirstOrDefault();
}
