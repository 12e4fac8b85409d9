using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>
/// Goes through what a silo depends on, in the order in which it does: its settings, its name, the services, the ways
/// to DNS, the peers. What fails is told and the rest looked at as far as it still can be.
/// </summary>
internal sealed class Examination(DoctorSettings settings, Checklist list, IProgress<string> progress)
{
    private const int Shown = 10;

    private static readonly TimeSpan LongTtl = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ReadResolvConf();
        var secrets = ReadSecrets();
        if (FindService("discovery service", settings.Discovery) is not { } service)
        {
            const string why = "the service's name is not known";
            foreach (var subject in (string[])["name", "ready service", "DNS", "peers"]) list.Skip(subject, why);
            return;
        }

        var self = FindIdentity(service);
        var port = new ServicePort(service, settings.PortName);
        progress.Report($"looking up {port.SrvName}");
        var view = await LookUpAsync(port, self, ServiceRole.Discovery, cancellationToken).ConfigureAwait(false);
        TellDiscovery(port, view);
        await ExamineReadyAsync(port, self, cancellationToken).ConfigureAwait(false);
        progress.Report("asking every name server by UDP and by TCP");
        await new ServerExamination(settings.Dns, list).RunAsync(port, cancellationToken).ConfigureAwait(false);
        TellTtl(view);
        await ExaminePeersAsync(port, self, view, secrets, cancellationToken).ConfigureAwait(false);
        progress.Report("asking the silo of this pod for its status");
        await new StatusReading(settings.Status, list).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private void ReadResolvConf()
    {
        var path = settings.Discovery.ResolvConf;
        var servers = settings.Dns.NameServers();
        var search = new WatchedFile<ResolvConf>(path, ResolvConf.Parse).Read()?.Search ?? [];
        string[] seen = [$"name servers {string.Join(", ", servers)}", $"{path}: search {string.Join(' ', search)}"];
        if (servers.IsEmpty) list.Wrong("resolver", "no name server is known: set NameServers, or mend the file", seen);
        else list.Right("resolver", $"{servers.Length} name server(s)", seen);
    }

    private SecretFiles? ReadSecrets()
    {
        try
        {
            var secrets = settings.Secrets();
            if (settings.SecretFile is null)
                list.Warn("secret", "no SecretFile is set: whoever reaches the discovery port can pose as a silo");
            else list.Right("secret", $"read, {secrets.Now.All.Count} accepted");
            return secrets;
        }
        catch (InvalidOperationException fault)
        {
            list.Wrong("secret", fault.Message);
            return null;
        }
    }

    private ServiceName? FindService(string subject, ServiceNameSettings named)
    {
        try
        {
            return ServiceName.Find(named);
        }
        catch (DiscoveryException fault)
        {
            list.Diagnose(subject, fault.Error);
            return null;
        }
    }

    private Identity FindIdentity(ServiceName service)
    {
        var who = settings.Identity;
        try
        {
            var self = Identity.Find(who, service);
            list.Right("name", self.Fqdn ?? "DNS is to tell it (EndpointNaming = Any)", Names());
            return self;
        }
        catch (DiscoveryException fault)
        {
            list.Diagnose("name", fault.Error);

            // Without a name of its own any is as good, so that what else is wrong shows too.
            return new Identity(HostsFile.Plain(who.Address), who.Port);
        }
    }

    private IEnumerable<string> Names()
    {
        var who = settings.Identity;
        var hosts = new WatchedFile<HostsFile>(who.HostsFile, HostsFile.Parse).Read();
        yield return $"address {who.Address}, host name {settings.HostName}, POD_NAME {who.PodName ?? "not set"}";
        yield return $"{who.HostsFile}: {who.Address} {string.Join(", ", hosts?.NamesOf(who.Address) ?? [])}";
    }

    private async Task<PeerView> LookUpAsync(
        ServicePort port, Identity self, ServiceRole role, CancellationToken cancellationToken)
    {
        var discovery = new DiscoveryService(
            new DnsSrvResolver(settings.Dns), new DiscoverySettings(port, self) { Role = role }, TimeProvider.System);
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var view = await discovery.LookUpAsync(cancellationToken).ConfigureAwait(false);
            var isFine = view is { IsComplete: true, Diagnosis: null };
            if (isFine || TimeProvider.System.GetElapsedTime(started) >= settings.Patience) return view;
            progress.Report($"{port.SrvName} is not as it should be yet; asking again");
            await Task.Delay(AskAgainAfter, cancellationToken).ConfigureAwait(false);
        }
    }

    private void TellDiscovery(ServicePort port, PeerView view)
    {
        const string subject = "discovery service";
        if (view.Diagnosis is { } error) list.Diagnose(subject, error);
        else if (!view.IsComplete) list.Wrong(subject, $"{view.Outcome}: {view.Detail}", port.SrvName);
        else list.Right(subject, $"{port.SrvName} lists {view.Peers.Length}, with this pod", Some(view));
    }

    private async Task ExamineReadyAsync(ServicePort discovery, Identity self, CancellationToken cancellationToken)
    {
        const string subject = "ready service";
        if (settings.Ready is not { } named)
        {
            list.Diagnose(subject, SetupErrors.NoReadyService(discovery), KubeDnsVerdict.Warning);
            return;
        }

        if (FindService(subject, named) is not { } service) return;
        var port = new ServicePort(service, settings.PortName);
        progress.Report($"looking up {port.SrvName}");
        var view = await LookUpAsync(port, self, ServiceRole.Ready, cancellationToken).ConfigureAwait(false);
        if (view.Diagnosis is { } error) list.Diagnose(subject, error);
        else if (view.Outcome.IsEmpty())
            list.Warn(subject, $"{port.SrvName} lists nobody: no pod is ready, or there is no such service or port",
                ServiceErrors.LookAtService(port));
        else if (!view.IsComplete) list.Wrong(subject, $"{view.Outcome}: {view.Detail}", port.SrvName);
        else list.Right(subject, $"{port.SrvName} lists {view.Peers.Length}", Some(view));
    }

    private void TellTtl(PeerView view)
    {
        if (view.Peers.IsEmpty) list.Skip("TTL", "nobody is listed");
        else if (view.SawZeroTtl)
            list.Warn("TTL", "0 s: a cache serves old answers; set DnsStaleness to how old they may be");
        else if (view.MaxTtl > LongTtl)
            list.Warn("TTL", $"{view.MaxTtl.TotalSeconds:0} s: founding waits that long, and news come that late");
        else list.Right("TTL", $"{view.MaxTtl.TotalSeconds:0} s");
    }

    private async Task ExaminePeersAsync(
        ServicePort port, Identity self, PeerView view, SecretFiles? secrets, CancellationToken cancellationToken)
    {
        if (secrets is null || !view.IsComplete)
        {
            list.Skip("peers", secrets is null ? "without a secret nobody can be greeted" : "no whole list of them");
            return;
        }

        progress.Report($"greeting {view.Peers.Length} listed silos");
        await using var visitor = new Visitor(settings, secrets);
        var peers = new PeerExamination(settings, port, self, list);
        var hasCluster = await peers.RunAsync(visitor, view.Peers, cancellationToken).ConfigureAwait(false);
        var pod = settings.Identity.PodName ?? self.Fqdn?.Split('.')[0] ?? "";
        var isAlone = view.Peers is [var only] && only.Address.Equals(self.Address);
        if (hasCluster) return;
        if (SetupErrors.Alone(port, pod, $"{self.Address}", isAlone, settings.MinimumSilos) is { } alone)
            list.Diagnose("founding", alone);
    }

    private static IEnumerable<string> Some(PeerView view) => view.Peers.Take(Shown)
        .Select(peer => $"{peer.Fqdn} at {peer.EndPoint}")
        .Concat(view.Peers.Length > Shown ? [$"and {view.Peers.Length - Shown} more"] : []);
}
