namespace KubeDns.Local.Model;

/// <summary>
/// The part of a Kubernetes cluster that its DNS server watches. Every change goes through here, is checked as the
/// API would check it, and shows in the answers after the publication delay of each service concerned.
/// </summary>
internal sealed class LocalCluster(TimeProvider time, bool endpointPodNames)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();
    private readonly SortedSet<string> _namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<ServiceKey, ServiceSpec> _services = [];
    private readonly Dictionary<ServiceKey, PublishedEndpoints> _published = [];
    private readonly Dictionary<ServiceKey, FaultSpec> _serviceFaults = [];

    // A list, not a dictionary: the order of the answers is the order in which pods were first added.
    private readonly List<PodSpec> _pods = [];
    private FaultSpec _faults = FaultSpec.None;
    private bool _endpointPodNames = endpointPodNames;
    private bool _synchronised = true;
    private uint _serial = (uint)time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>False: CoreDNS has not read the cluster yet and answers SERVFAIL.</summary>
    public bool Synchronised
    {
        get => Locked(() => _synchronised);
        set => Locked(() => _synchronised = value);
    }

    /// <summary>
    /// CoreDNS' option of this name. Turned while the server runs, the same addresses get other names, as a reload of
    /// the Corefile gives them.
    /// </summary>
    public bool EndpointPodNames
    {
        get => Locked(() => _endpointPodNames);
        set => Locked(() =>
        {
            _endpointPodNames = value;
            return Publish();
        });
    }

    /// <summary>Faults of all services.</summary>
    public FaultSpec Faults
    {
        get => Locked(() => _faults);
        set
        {
            Admission.Check(value);
            Locked(() =>
            {
                _faults = value;
                HurryAll();
                return value;
            });
        }
    }

    public void AddNamespace(string name)
    {
        Admission.RequireLabel(name, "namespace");
        Locked(() => _namespaces.Add(name));
    }

    /// <summary>Adds a service, or replaces it.</summary>
    public void AddService(ServiceSpec service)
    {
        Admission.Check(service);
        Locked(() =>
        {
            _namespaces.Add(service.Namespace);
            _services[service.Key] = service;
            _published.TryAdd(service.Key, new PublishedEndpoints());
            return Publish();
        });
    }

    public bool RemoveService(string @namespace, string name) => Locked(() =>
    {
        var key = new ServiceKey(@namespace, name);
        _published.Remove(key);
        return _services.Remove(key) && Publish();
    });

    /// <summary>Adds a pod, or replaces it in its place.</summary>
    public void AddPod(PodSpec pod)
    {
        Admission.Check(pod);
        Locked(() =>
        {
            _namespaces.Add(pod.Namespace);
            var at = _pods.FindIndex(p => p.Key == pod.Key);
            if (at >= 0)
            {
                _pods[at] = pod;
            }
            else
            {
                _pods.Add(pod);
            }

            return Publish();
        });
    }

    /// <summary>Changes a pod; false if there is none of that name.</summary>
    public bool UpdatePod(string @namespace, string name, Func<PodSpec, PodSpec> change) => Locked(() =>
    {
        var at = _pods.FindIndex(p => p.Key == new PodKey(@namespace, name));
        if (at < 0)
        {
            return false;
        }

        var changed = change(_pods[at]);
        Admission.Check(changed);
        _pods[at] = changed;
        return Publish();
    });

    public bool SetReady(string @namespace, string name, bool ready) =>
        UpdatePod(@namespace, name, pod => pod with { Ready = ready });

    public bool SetTerminating(string @namespace, string name, bool terminating = true) =>
        UpdatePod(@namespace, name, pod => pod with { Terminating = terminating });

    /// <summary>Removes a pod, as when its object is gone; false if there is none of that name.</summary>
    public bool RemovePod(string @namespace, string name) =>
        Locked(() => _pods.RemoveAll(p => p.Key == new PodKey(@namespace, name)) > 0 && Publish());

    /// <summary>Sets the faults of one service; null ends them. The service need not exist (yet).</summary>
    public void SetServiceFaults(string @namespace, string name, FaultSpec? faults)
    {
        Admission.RequireLabel(@namespace, "namespace");
        Admission.RequireLabel(name, "service name");
        Admission.Check(faults ?? FaultSpec.None);
        Locked(() =>
        {
            var key = new ServiceKey(@namespace, name);
            if (faults is null)
            {
                _serviceFaults.Remove(key);
            }
            else
            {
                _serviceFaults[key] = faults;
            }

            HurryAll();
            return true;
        });
    }

    /// <summary>What holds for a service now, its own faults over those of all; null for names of no service.</summary>
    public FaultSpec FaultsOf(ServiceKey? service) => Locked(() => Effective(service));

    /// <summary>What DNS knows of a name at this moment, read in one piece.</summary>
    public DnsView View(string? @namespace, string? service) => Locked(() =>
    {
        var key = new ServiceKey(@namespace ?? "", service ?? "");
        return new DnsView(
            _synchronised,
            _serial,
            _namespaces.Contains(key.Namespace),
            _services.GetValueOrDefault(key),
            _published.GetValueOrDefault(key)?.At(Now) ?? []);
    });

    /// <summary>Everything, in the form in which it can be applied again.</summary>
    public ClusterState Describe() => Locked(() => new ClusterState
    {
        Synchronised = _synchronised,
        EndpointPodNames = _endpointPodNames,
        Namespaces = [.. _namespaces],
        Services = [.. _services.Values],
        Pods = [.. _pods],
        Faults = _faults,
        ServiceFaults = [.. _serviceFaults.Select(f => new ServiceFaults(f.Key.Namespace, f.Key.Name, f.Value))],
    });

    private TimeSpan Now => time.GetElapsedTime(_start);

    private bool Publish()
    {
        // The serial only has to grow with every change; CoreDNS uses the clock.
        _serial = Math.Max(_serial + 1, (uint)time.GetUtcNow().ToUnixTimeSeconds());
        foreach (var (key, service) in _services)
        {
            var endpoints = EndpointSelection.Select(service, _pods, _endpointPodNames);
            _published[key].Change(endpoints, Now, DelayOf(key));
        }

        return true;
    }

    private void HurryAll()
    {
        foreach (var (key, published) in _published)
        {
            published.Hurry(Now, DelayOf(key));
        }
    }

    private TimeSpan DelayOf(ServiceKey service) =>
        TimeSpan.FromMilliseconds(Effective(service).PublicationDelayMs ?? 0);

    private FaultSpec Effective(ServiceKey? service) =>
        service is { } key && _serviceFaults.TryGetValue(key, out var faults) ? faults.Over(_faults) : _faults;

    private T Locked<T>(Func<T> action)
    {
        lock (_gate)
        {
            return action();
        }
    }
}
