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
        var ledger = Closing.Open(run);
        await using var clerks = new Clerks(run);
        await run.FormAsync(silos);
        clerks.Start();
        var begun = run.Now;
        // As many rounds as fit, and one at least.
        for (var round = 1; round == 1 || run.Now - begun < length; round++)
        {
            await PlayRoundAsync(run, ledger, clerks, round);
        }

        await clerks.ConcludeAsync(run.Pods);
        Closing.Check(run, ledger);
        // Who was cut off or stopped for long may be declared Dead, and then ends; the ledger says who may not.
        await run.FinishAsync(new Aftermath { MayRescue = true, MayBeDeclared = int.MaxValue });
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
