namespace Demo;

/// <summary>
/// Plays kubelet and the StatefulSet's controller: publishes a pod when it starts, asks its readiness probe, and
/// removes it when it is replaced or has ended in order. A crashed container stays listed, as in Kubernetes.
/// </summary>
internal sealed class Kubelet(
    DnsControl control, SiloClient client, Network network, string folder, string siloApp) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, int> _started = [];
    private readonly Lock _gate = new();
    private readonly List<Pod> _pods = [];
    private readonly List<Task> _probes = [];
    private readonly string _secret = WriteSecret(folder);
    private int _addresses;

    /// <summary>What the silos take for the age that an answer of the local DNS server may have.</summary>
    public TimeSpan DnsStaleness { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How it asks the readiness probes.</summary>
    public ReadinessProbe Probe { get; init; } = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2), 1);

    /// <summary>Pods from now on are a Deployment's, not a StatefulSet's.</summary>
    public bool IsDeployment { get; set; }

    /// <summary>The program that the containers run.</summary>
    public string SiloApp => siloApp;

    /// <summary>Where the containers run.</summary>
    public IPodSandbox Sandbox { get; init; } = new SharedSandbox();

    /// <summary>What the containers' environment has besides what manifest and downward API set.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>Every pod that was ever started, the oldest first.</summary>
    public IReadOnlyList<Pod> Pods
    {
        get
        {
            lock (_gate)
            {
                return [.. _pods];
            }
        }
    }

    /// <summary>The pods whose silos are meant to run now.</summary>
    public IReadOnlyList<Pod> Live => Pods.Where(pod => pod.IsRunning && !pod.Ending).ToList();

    /// <summary>A new pod at the next address of the pod network, published as soon as it has that address.</summary>
    public async Task<Pod> StartPodAsync(string name, CancellationToken cancellationToken)
    {
        var life = _started[name] = _started.GetValueOrDefault(name) + 1;
        var pod = new Pod(
            name, network.AddressOf(_addresses++), network, Path.Combine(folder, life == 1 ? name : $"{name}-{life}"),
            DnsStaleness)
        {
            Sandbox = Sandbox,
            Extra = Extra,
        };
        await Sandbox.OpenAsync(pod);
        await control.PublishPodAsync(pod, IsDeployment, cancellationToken);
        pod.Start(siloApp, _secret);
        lock (_gate)
        {
            _pods.Add(pod);
            _probes.Add(ProbeAsync(pod, pod.Process!, _stop.Token));
        }

        return pod;
    }

    /// <summary>SIGKILL, as the out-of-memory killer does it. The pod object stays.</summary>
    public static void Crash(Pod pod)
    {
        pod.Ending = true;
        pod.Process!.Kill();
    }

    /// <summary>A container that ended is started again in its pod: same name, same address.</summary>
    public void RestartInPlace(Pod pod)
    {
        pod.Start(siloApp, _secret);
        pod.Ending = false;
        lock (_gate)
        {
            _probes.Add(ProbeAsync(pod, pod.Process!, _stop.Token));
        }
    }

    /// <summary>The crashed pod's object goes, and a pod of the same name comes at a new address.</summary>
    public async Task<Pod> ReplaceAsync(Pod pod, CancellationToken cancellationToken)
    {
        pod.IsGone = true;
        await control.RemovePodAsync(pod, cancellationToken);
        await Sandbox.CloseAsync(pod);
        return await StartPodAsync(pod.Name, cancellationToken);
    }

    /// <summary>Deletes a pod in order: terminating, SIGTERM, and gone once the process has ended.</summary>
    public async Task DeleteAsync(Pod pod, CancellationToken cancellationToken)
    {
        pod.Ending = true;
        await control.SetTerminatingAsync(pod, cancellationToken);
        pod.Process!.Terminate();
        await pod.Process.WaitForExitAsync(cancellationToken);
        pod.IsGone = true;
        await control.RemovePodAsync(pod, cancellationToken);
        await Sandbox.CloseAsync(pod);
    }

    /// <summary>Says why if a silo ended that nobody told to.</summary>
    public void RequireNoneLost()
    {
        if (Pods.FirstOrDefault(pod => !pod.IsRunning && !pod.Ending) is { } lost)
        {
            throw new DemoFailed($"{lost.Name} ended by itself, with exit code {lost.Process!.ExitCode}")
            {
                Logs = [lost.Name],
            };
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_probes);
        _stop.Dispose();
    }

    /// <summary>The readiness probe: tells the API server of each change until the process has ended.</summary>
    private async Task ProbeAsync(Pod pod, ChildProcess process, CancellationToken cancellationToken)
    {
        var failures = 0;
        var ready = false;
        try
        {
            while (!pod.IsGone && pod.Process == process)
            {
                // A probe that waits for its timeout does not put the next one off.
                var next = Task.Delay(Probe.Period, cancellationToken);
                var running = !process.HasExited;
                var answers = running && !pod.IsUnseen
                    && await client.IsReadyAsync(pod, Probe.Timeout, cancellationToken);
                failures = answers ? 0 : failures + 1;
                ready = answers || (ready && running && failures < Probe.Failures);
                await TellAsync(pod, ready, cancellationToken);
                if (!running)
                {
                    return;
                }

                await next;
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or DemoFailed or HttpRequestException)
        {
            // Stopped, or the pod object is gone already: there is nobody left to tell.
        }
    }

    /// <summary>The node controller's part: the pods of a node that has told nothing are not ready.</summary>
    public async Task GiveUpAsync(Pod pod, CancellationToken cancellationToken)
    {
        await control.SetReadyAsync(pod, ready: false, cancellationToken);
        pod.IsReady = false;
    }

    private async Task TellAsync(Pod pod, bool ready, CancellationToken cancellationToken)
    {
        // The kubelet of a node that is lost tells nobody anything.
        if (pod.IsReady != ready && !pod.IsGone && !pod.IsUnseen)
        {
            await control.SetReadyAsync(pod, ready, cancellationToken);
            pod.IsReady = ready;
        }
    }

    private static string WriteSecret(string folder)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "secret")).FullName, "current");
        File.WriteAllText(file, Convert.ToBase64String(Guid.NewGuid().ToByteArray()) + Guid.NewGuid());
        return file;
    }
}

/// <summary>
/// As in a manifest: asked every period; an answer makes ready, so many failures in a row make not ready. A container
/// that ended is not ready at once.
/// </summary>
internal sealed record ReadinessProbe(TimeSpan Period, TimeSpan Timeout, int Failures);
