namespace Demo;

/// <summary>The story that the demo tells, step by step.</summary>
internal sealed class Scenario(
    int silos, Kubelet kubelet, SiloClient client, Watcher watcher, Steps steps, Screen screen, CancellationToken stop)
{
    public async Task RunAsync()
    {
        await FormAsync();
        await VotersAsync("voters stand");
        await CallAsync("A grain on every silo, called through every other");
        await CrashAsync("silo-1");
        await ReplaceAsync("silo-1");
        await VotersAsync("voters stand again");
        await CallAsync("The same calls, with the newcomer");
        await StopAsync($"silo-{silos - 1}");
        await CallAsync("The same calls, among those that are left");
    }

    private async Task FormAsync()
    {
        screen.Heading($"Start {silos} silos that know only the name '{DnsControl.Discovery}'");
        foreach (var index in Enumerable.Range(0, silos))
        {
            var pod = await kubelet.StartPodAsync($"silo-{index}", stop);
            screen.Line(pod.Name, $"started at {pod.Address} as process {pod.Process!.Id}");
        }

        await steps.UntilAsync("one cluster, in every view", 60, AllAgreeAsync, stop);
        await steps.UntilAsync("all ready in DNS", 10, AllReady, stop);
    }

    private async Task VotersAsync(string name)
    {
        var wanted = kubelet.Live.Count switch { < 3 => 1, < 5 => 3, _ => 5 };
        screen.Heading($"Wait for {wanted} voters: as many as one crash may not stop");
        IReadOnlyList<string> voters = [];
        await steps.UntilAsync($"{wanted} {name}", 30, async token =>
        {
            foreach (var pod in kubelet.Live)
            {
                voters = await client.VotersAsync(pod, token) ?? [];
                if (voters.Count != wanted)
                {
                    return $"{pod.Name} knows {voters.Count} voters ({string.Join(", ", voters)})";
                }
            }

            return null;
        }, stop);
        screen.Line("voters", string.Join(", ", voters.Order()));
    }

    private async Task CallAsync(string heading)
    {
        screen.Heading(heading);
        var pods = kubelet.Live;
        var slowest = 0.0;
        await steps.UntilAsync($"{pods.Count * pods.Count} grain calls", 30, async token =>
        {
            foreach (var from in pods)
            {
                foreach (var to in pods)
                {
                    if (AddressOf(from, to) is not { } silo)
                    {
                        return $"{from.Name} does not see {to.Name} as Active";
                    }

                    if (await client.CallAsync(from, silo, token) is not { } answer || answer.RanOn != silo)
                    {
                        return $"{from.Name} got no answer from the grain on {to.Name}";
                    }

                    slowest = Math.Max(slowest, answer.Milliseconds);
                }
            }

            return null;
        }, stop);
        screen.Line("calls", $"every grain ran where it should; the slowest call took {slowest:0} ms");
    }

    private async Task CrashAsync(string name)
    {
        var victim = kubelet.Live.Single(pod => pod.Name == name);
        screen.Heading($"Kill {name} (SIGKILL): it stays listed, for its pod is still there");
        Kubelet.Crash(victim);
        await steps.UntilAsync($"{name} evicted from every view", 30, () => AllLost(victim), stop);
    }

    private async Task ReplaceAsync(string name)
    {
        var crashed = kubelet.Pods.Last(pod => pod.Name == name);
        screen.Heading($"Replace {name} by a new pod: same name, another address");
        var pod = await kubelet.ReplaceAsync(crashed, stop);
        screen.Line(pod.Name, $"started at {pod.Address} as process {pod.Process!.Id}");
        await steps.UntilAsync($"the new {name} in every view", 60, AllAgreeAsync, stop);
        await steps.UntilAsync($"the new {name} ready in DNS", 10, AllReady, stop);
    }

    private async Task StopAsync(string name)
    {
        var leaver = kubelet.Live.Single(pod => pod.Name == name);
        screen.Heading($"Delete {name} in order (SIGTERM): it hands over and goes");
        var deletion = kubelet.DeleteAsync(leaver, stop);
        await steps.UntilAsync($"{name} gone from every view", 60, () => AllLost(leaver), stop);
        await steps.UntilAsync($"{name} ended", 60,
            () => deletion.IsCompleted ? null : "its process still runs", stop);
        await deletion;
        if (leaver.Process!.ExitCode != 0)
        {
            throw new DemoFailed($"{name} was told to stop and ended with exit code {leaver.Process.ExitCode}")
            {
                Logs = [name],
            };
        }
    }

    private async Task<string?> AllAgreeAsync(CancellationToken cancellationToken)
    {
        foreach (var pod in kubelet.Live)
        {
            if (!watcher.Latest.Views.TryGetValue(pod, out var view))
            {
                var why = await client.WaitingForAsync(pod, cancellationToken);
                return $"{pod.Name} is not up: {why ?? "its status port does not answer"}";
            }

            var active = view.Members.Where(member => member.IsActive).Select(member => member.Address).ToHashSet();
            if (!active.SetEquals(kubelet.Live.Select(other => other.Address)))
            {
                return $"{pod.Name} sees {active.Count} Active silos";
            }
        }

        return null;
    }

    private string? AllReady() =>
        kubelet.Live.FirstOrDefault(pod => !watcher.Latest.Ready.ContainsKey(pod.Address))
            is { } pod ? $"{pod.Name} is not listed as ready" : null;

    private string? AllLost(Pod gone) => kubelet.Live.FirstOrDefault(pod =>
        !watcher.Latest.Views.TryGetValue(pod, out var view)
        || view.Members.Any(member => member.IsActive && member.Address.Equals(gone.Address)))
        is { } pod ? $"{pod.Name} still sees {gone.Name} as Active" : null;

    private string? AddressOf(Pod from, Pod to) => watcher.Latest.Views.GetValueOrDefault(from)?.Members
        .FirstOrDefault(member => member.IsActive && member.Address.Equals(to.Address))?.Silo;
}
