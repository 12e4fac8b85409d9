using SiloApp.Watch;

namespace Demo;

/// <summary>Everything that runs during a demo; taken down, whatever happened, unless it is to be kept.</summary>
internal sealed class Stage(DemoOptions options, Screen screen)
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubedns-demo-").FullName;
    // No proxy: whatever the environment names, it cannot reach this machine's pods.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private ChildProcess? _dns;
    private Kubelet? _kubelet;

    /// <summary>Exit code of the demo.</summary>
    public async Task<int> PlayAsync(CancellationToken stop)
    {
        var exitCode = 1;
        try
        {
            await RunAsync(stop);
            exitCode = 0;
        }
        catch (DemoFailed failure)
        {
            Explain(failure);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            screen.Failure($"interrupted; the logs are in {_folder}");
        }
        finally
        {
            await EndAsync(exitCode == 0);
        }

        return exitCode;
    }

    private IEnumerable<ChildProcess> Children =>
        (_kubelet?.Pods.Select(pod => pod.Process).OfType<ChildProcess>() ?? []).Concat(_dns is null ? [] : [_dns]);

    private async Task RunAsync(CancellationToken stop)
    {
        // One address more than silos: the replacement gets one of its own.
        var network = Network.Choose(options.Silos + 1);
        screen.Note($"Working folder: {_folder}");
        var control = new DnsControl(_http, network.Control);
        var client = new SiloClient(_http);
        _kubelet = new Kubelet(control, client, network, _folder, options.SiloApp);
        var watcher = new Watcher(_kubelet, client, new DnsView(network.Dns), screen);
        var steps = new Steps(screen, RequireNoneLost);
        try
        {
            await StartDnsAsync(network, control, steps, stop);
            watcher.Start();
            await new Scenario(options.Silos, _kubelet, client, watcher, steps, screen, stop).RunAsync();
        }
        finally
        {
            // First the watcher, so that the table is the last that is said of the run.
            await watcher.DisposeAsync();
            screen.Summary(steps.Results);
        }

        if (options.Keep)
        {
            ExplainKept(network);
        }
    }

    private async Task StartDnsAsync(Network network, DnsControl control, Steps steps, CancellationToken stop)
    {
        screen.Heading($"Start the local DNS server on {network.Dns}, its control port on {network.Control}");
        string[] command =
        [
            "dotnet", options.DnsServer, "--listen", $"{network.Dns}", "--control", $"{network.Control}",
            "--zone", "cluster.local", "--ttl", "5",
        ];
        _dns = ChildProcess.Start("dns", Path.Combine(_folder, "dns.txt"), _folder, command,
            new Dictionary<string, string>());
        await steps.UntilAsync("the DNS server answers", 15, async token =>
            await control.IsUpAsync(token) ? null : "its control port does not answer", stop);
        await control.PublishServicesAsync(network, stop);
    }

    private void RequireNoneLost()
    {
        if (_dns is { HasExited: true })
        {
            throw new DemoFailed($"The DNS server ended by itself, with exit code {_dns.ExitCode}") { Logs = ["dns"] };
        }

        _kubelet!.RequireNoneLost();
    }

    private void Explain(DemoFailed failure)
    {
        foreach (var child in Children.Where(child => failure.Logs.Count == 0 || failure.Logs.Contains(child.Name)))
        {
            screen.Tail(child, failure.Logs.Count == 0 ? 12 : 30);
        }

        screen.Failure(failure.Message);
        screen.Note($"The whole logs are in {_folder}");
    }

    private void ExplainKept(Network network)
    {
        screen.Heading("The cluster keeps running");
        foreach (var pod in _kubelet!.Live)
        {
            screen.Note($"  {pod.Name}   page {pod.AppUrl}/   status {pod.StatusUrl}/statusz   log {pod.Process!.Log}");
        }

        var dns = network.Dns;
        screen.Note($"  DNS      dig @{dns.Address} -p {dns.Port} SRV _discovery._tcp.orleans.demo.svc.cluster.local");
        screen.Note($"           curl http://{network.Control}/state");
        screen.Note("  Nobody plays kubelet any more: what DNS says of the silos stays as it is.");
        var running = Children.Where(child => !child.HasExited).Select(child => child.Id);
        screen.Note($"  Stop it: kill {string.Join(' ', running)}");
    }

    /// <summary>Ends all children by process id. The logs stay only if somebody may want them.</summary>
    private async Task EndAsync(bool success)
    {
        var keep = success && options.Keep;
        foreach (var child in keep ? [] : Children)
        {
            child.Kill();
        }

        if (_kubelet is not null)
        {
            await _kubelet.DisposeAsync();
        }

        _http.Dispose();
        if (keep)
        {
            return;
        }

        await Task.WhenAll(Children.Select(child => child.WaitForExitAsync(CancellationToken.None)));
        if (success)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
