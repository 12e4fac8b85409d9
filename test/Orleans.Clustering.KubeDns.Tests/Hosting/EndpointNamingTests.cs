using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// The pods of a Deployment in a cluster whose CoreDNS names endpoints by their address, and what becomes of them when
/// <c>endpoint_pod_names</c> is turned while they run.
/// </summary>
public sealed class EndpointNamingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Silos_without_a_name_of_their_own_form_a_cluster_under_the_names_that_DNS_gives_them()
    {
        await using var dns = await StartDnsAsync();
        await using var first = Start(dns, "silo-a1", subdomain: false);
        await using var second = Start(dns, "silo-b2", subdomain: true);

        await Task.WhenAll(first.StartAsync(), second.StartAsync());

        await AreOneClusterAsync(first, second);
        Assert.Equal(("", ""), (first.Status.Diagnosis, second.Status.Diagnosis));
        var rows = await first.Table.ReadAllAsync(default);
        Assert.Equal(
            new[] { Dashed(first), Dashed(second) }.Order(), rows.Members.Select(row => row.Item1.HostName).Order());
        Assert.Equal(
            new[] { "silo-a1", "silo-b2" }, rows.Members.Select(row => row.Item1.SiloName).Order());
        Assert.DoesNotContain(first.Log.All.Concat(second.Log.All), line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task It_waits_until_DNS_lists_it_and_says_so()
    {
        await using var dns = await StartDnsAsync();
        dns.Cluster.AddPod(PodSpec.OfStatefulSet(
            "test", "other-0", "orleans", System.Net.IPAddress.Parse("127.254.254.254")));
        await using var pod = new Pod(dns, Pod.NewAddress(), "silo-a1", configure: Any);
        var told = pod.Log.NextAsync(line => line.Text.StartsWith("Misconfigured: KDNS303: "), Patience);
        var starting = pod.StartAsync();

        Assert.Contains($"but not {pod.Address}:11112, where we listen\n", (await told).Text);
        var (_, line) = await pod.GetAsync("/startupz");
        Assert.Equal(
            $"waiting for DNS to list {pod.Address}:11112, by whatever name; KDNS303: Our address has not appeared in"
                + " DNS, although others have.\n", line);

        dns.Cluster.RemovePod("test", "other-0");
        dns.Cluster.AddPod(Deployed("silo-a1", pod));
        await starting;
        Assert.Equal(Dashed(pod), pod.Status.Self.Fqdn);
    }

    [Fact]
    public async Task Turning_the_option_on_under_a_live_cluster_ends_nobody_and_lets_either_setting_join()
    {
        await using var dns = await StartDnsAsync();
        await using var first = Start(dns, "silo-a1", subdomain: false);
        await using var second = Start(dns, "silo-b2", subdomain: false);
        await using var third = Start(dns, "silo-c3", subdomain: false);
        await Task.WhenAll(first.StartAsync(), second.StartAsync(), third.StartAsync());
        await AreOneClusterAsync(first, second, third);
        await using var traffic = new Traffic(first, second, third);

        dns.Cluster.EndpointPodNames = true;
        await ListedAsync(first, "silo-a1");
        await ListedAsync(second, "silo-a1");
        await ListedAsync(third, "silo-a1");
        await traffic.MoreAsync(20);

        // The rolling update that follows: Any joins by its pod's name, and so does PodName.
        await using var fourth = Start(dns, "silo-d4", subdomain: false);
        await fourth.StartAsync();
        Assert.Equal($"silo-d4.{Pod.Service}", fourth.Status.Self.Fqdn);
        await using var fifth = Start(dns, "silo-e5", subdomain: true, EndpointNaming.PodName);
        await fifth.StartAsync();
        await third.StopAsync();
        dns.Cluster.RemovePod("test", "silo-c3");
        await traffic.MoreAsync(20);

        await AreOneClusterAsync(first, second, fourth, fifth);
        await NobodyWasEndedAsync(first, second, third, fourth, fifth);
        var rows = await fifth.Table.ReadAllAsync(default);
        Assert.Equal(
            new[] { Dashed(first), Dashed(second), $"silo-d4.{Pod.Service}", $"silo-e5.{Pod.Service}" }.Order(),
            rows.Members.Where(row => row.Item1.Status == SiloStatus.Active).Select(row => row.Item1.HostName).Order());
        Assert.Empty(traffic.Faults);
    }

    [Fact]
    public async Task Turning_the_option_off_under_silos_that_need_it_ends_nobody_and_each_says_KDNS303b()
    {
        await using var dns = await StartDnsAsync();
        dns.Cluster.EndpointPodNames = true;
        await using var first = Start(dns, "silo-a1", subdomain: true, EndpointNaming.PodName);
        await using var second = Start(dns, "silo-b2", subdomain: true, EndpointNaming.PodName);
        await using var third = Start(dns, "silo-c3", subdomain: true, EndpointNaming.PodName);
        Pod[] pods = [first, second, third];
        await Task.WhenAll(pods.Select(pod => pod.StartAsync()));
        await AreOneClusterAsync(pods);
        await using var traffic = new Traffic(pods);

        dns.Cluster.EndpointPodNames = false;
        foreach (var pod in pods)
        {
            var told = await pod.Log.NextAsync(line => line.Text.StartsWith("Misconfigured: KDNS303b: "), Patience);
            Assert.Contains($"    {Dashed(pod)}\n", told.Text);
            Assert.StartsWith("KDNS303b: ", pod.Status.Diagnosis);
        }

        // One more that takes the name it is given joins them all the same.
        await using var fourth = Start(dns, "silo-d4", subdomain: true);
        await fourth.StartAsync();
        await traffic.MoreAsync(20);
        await AreOneClusterAsync([.. pods, fourth]);

        dns.Cluster.EndpointPodNames = true;
        await ListedAsync(first, "silo-a1");
        await Eventually.HoldsAsync(() => first.Status.Diagnosis.Length == 0, Patience);
        await NobodyWasEndedAsync([.. pods, fourth]);
        Assert.Empty(traffic.Faults);
    }

    [Fact]
    public async Task A_process_that_restarts_in_place_while_DNS_is_down_gets_back_in()
    {
        await using var dns = await StartDnsAsync();
        await using var first = Start(dns, "silo-a1", subdomain: false);
        var address = Pod.NewAddress();
        dns.Cluster.AddPod(Deployed("silo-b2", address));
        await using (var former = new Pod(dns, address, "silo-b2", podName: "silo-b2", configure: Any))
        {
            await Task.WhenAll(first.StartAsync(), former.StartAsync());
            await AreOneClusterAsync(first, former);
        }

        dns.Cluster.Faults = new FaultSpec { Answer = FaultAnswer.ServFail };
        await using var again = new Pod(dns, address, "silo-b2", podName: "silo-b2", configure: Any);
        await again.StartAsync();

        await AreOneClusterAsync(first, again);
        Assert.Equal(Dashed(again), again.Status.Self.Fqdn);
    }

    private static async Task<LocalDnsServer> StartDnsAsync()
    {
        var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        return dns;
    }

    // As a Deployment's pod: kubelet writes the whole name into the hosts file only where there is a subdomain.
    private static Pod Start(
        LocalDnsServer dns, string name, bool subdomain, EndpointNaming naming = EndpointNaming.Any)
    {
        var pod = new Pod(
            dns, Pod.NewAddress(), subdomain ? $"{name}.{Pod.Service} {name}" : name, podName: name,
            configure: options => options.EndpointNaming = naming);
        dns.Cluster.AddPod(Deployed(name, pod.Address));
        return pod;
    }

    private static void Any(KubeDnsClusteringOptions options) => options.EndpointNaming = EndpointNaming.Any;

    private static PodSpec Deployed(string name, Pod pod) => Deployed(name, pod.Address);

    private static PodSpec Deployed(string name, System.Net.IPAddress address) =>
        new("test", name) { Addresses = [address], Services = ["orleans"] };

    private static string Dashed(Pod pod) => $"{$"{pod.Address}".Replace('.', '-')}.{Pod.Service}";

    private static Task ListedAsync(Pod pod, string name) =>
        Eventually.HoldsAsync(() => pod.Status.Listed.Any(listed => listed.StartsWith(name + ".")), Patience);

    private static async Task AreOneClusterAsync(params Pod[] pods)
    {
        foreach (var pod in pods)
        {
            Assert.NotEqual(Guid.Empty, pod.Status.Lineage);
            Assert.Equal(pods[0].Status.Lineage, pod.Status.Lineage);
            var oracle = pod.Host.Services.GetRequiredService<ISiloStatusOracle>();
            await Eventually.HoldsAsync(() => oracle.GetActiveSilos().Length == pods.Length, Patience);
        }
    }

    private static async Task NobodyWasEndedAsync(params Pod[] pods)
    {
        Assert.DoesNotContain(pods.SelectMany(pod => pod.Log.All), line => line.Text.StartsWith("MemberEnded"));
        Assert.Single(pods.SelectMany(pod => pod.Log.All), line => line.Text.StartsWith("Founding: "));
        var rows = await pods[0].Table.ReadAllAsync(default);
        var alive = pods.Where(pod => pod.Status.Phase == NodePhase.Joined)
            .Select(pod => pod.Status.Self.Silo.ToString()).Order();
        Assert.Equal(alive, rows.Members.Where(row => row.Item1.Status == SiloStatus.Active)
            .Select(row => row.Item1.SiloAddress)
            .Select(silo => $"{silo.Endpoint.Address}:{silo.Endpoint.Port}@{silo.Generation}").Order());
    }

    /// <summary>Reads the table and sends heartbeats, through one silo after the other, until it is disposed.</summary>
    private sealed class Traffic : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _running;
        private int _done;

        public Traffic(params Pod[] pods) => _running = Task.Run(() => RunAsync(pods));

        public List<Exception> Faults { get; } = [];

        public Task MoreAsync(int count)
        {
            var goal = Volatile.Read(ref _done) + count;
            return Eventually.HoldsAsync(() => Volatile.Read(ref _done) >= goal, Patience);
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _running;
        }

        private async Task RunAsync(Pod[] pods)
        {
            for (var i = 0; !_end.IsCancellationRequested; i++)
            {
                var pod = pods[i % pods.Length];
                if (pod.Status.Phase != NodePhase.Joined) continue;
                try
                {
                    var rows = await pod.Table.ReadAllAsync(default);
                    await RewriteAsync(pod, rows);
                    Interlocked.Increment(ref _done);
                    await Task.Delay(25, CancellationToken.None);
                }
                catch (Exception fault) when (pod.Status.Phase == NodePhase.Joined)
                {
                    Faults.Add(fault);
                }
                catch (Exception)
                {
                    // It is being stopped.
                }
            }
        }

        // A write of the pod's own row as it is; losing to another's write is no fault.
        private static Task RewriteAsync(Pod pod, MembershipTableData rows)
        {
            var own = RowOf(pod.Status.Self.Silo, rows);
            return own is null
                ? Task.CompletedTask
                : pod.Table.UpdateRowAsync(own.Item1, own.Item2, rows.Version.Next(), default);
        }

        private static Tuple<MembershipEntry, string>? RowOf(SiloId silo, MembershipTableData rows) =>
            rows.Members.FirstOrDefault(row => $"{row.Item1.SiloAddress.Endpoint.Address}" == silo.Host
                && row.Item1.SiloAddress.Generation == silo.Generation);
    }
}
