using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class SiloHostingTests
{
    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Orleans:ClusterId"] = "shop",
        ["Orleans:ServiceId"] = "shop",
        ["Orleans:Clustering:ProviderType"] = "KubeDns",
        ["Orleans:Clustering:ServiceName"] = "orleans",
        ["Orleans:Clustering:StatusPort"] = "0",
        ["Orleans:Clustering:MaxVoters"] = "3",
        ["Orleans:Clustering:DnsStaleness"] = "00:00:00.2",
        ["Orleans:Clustering:QuorumLoss"] = "Wait",
        ["Orleans:Clustering:NameServers:0"] = "127.0.0.1:5353",
    };

    [Fact]
    public async Task A_silo_starts_and_stops_its_node_around_everything_of_orleans()
    {
        await using var silo = new SiloUnderTest(settings: Settings);

        await silo.Host.StartAsync();
        await silo.Host.StopAsync();

        Assert.Equal(
            [
                "node starts", "1999 up", "2000 up", "node joins", "8001 up", "row Active", "20000 up",
                "node begins to stop", "20000 down", "row ShuttingDown", "8001 down", "row Dead", "2000 down",
                "1999 down", "node hands over", "node ends",
            ],
            silo.Calls.Where(call => call != "row Joining"));
    }

    [Fact]
    public async Task The_row_carries_the_fqdn_the_pods_name_and_the_owner()
    {
        await using var silo = new SiloUnderTest(settings: Settings, pod: new PodEnvironment("silo-7", null));

        await silo.Host.StartAsync();

        var row = Assert.Single(silo.Table.Read().Table.Rows.Values);
        Assert.Equal("silo-7.orleans.shop.svc.cluster.local", row.HostName);
        Assert.Equal("silo-7", row.SiloName);
        Assert.Equal(silo.Node.Self, row.Owner);
        Assert.Equal(silo.Get<ILocalSiloDetails>().SiloAddress, RowMapping.ToSiloAddress(row.Silo));
        await silo.Host.StopAsync();
    }

    [Fact]
    public async Task The_provider_type_in_the_configuration_chooses_and_binds_it()
    {
        await using var silo = new SiloUnderTest(settings: Settings);

        var options = silo.Get<IOptions<KubeDnsClusteringOptions>>().Value;

        Assert.IsType<KubeDnsMembershipTable>(silo.Get<IMembershipTable>());
        Assert.Equal(("orleans", 0, 3), (options.ServiceName, options.StatusPort, options.MaxVoters));
        Assert.Equal(TimeSpan.FromSeconds(0.2), options.DnsStaleness);
        Assert.Equal(QuorumLossPolicy.Wait, options.QuorumLoss);
        Assert.Equal(["127.0.0.1:5353"], options.NameServers);
    }

    [Fact]
    public async Task Code_may_add_to_what_the_configuration_chose_without_registering_twice()
    {
        await using var silo = new SiloUnderTest(
            builder => builder.UseKubeDnsClustering(options => options.MaxVoters = 1), Settings);

        Assert.Equal(1, silo.Get<IOptions<KubeDnsClusteringOptions>>().Value.MaxVoters);
        Assert.Single(silo.Host.Services.GetServices<IMembershipTable>());
        var participants = silo.Host.Services.GetServices<ILifecycleParticipant<ISiloLifecycle>>();
        Assert.Single(participants.OfType<ReplicaLifecycle>());
    }

    [Fact]
    public async Task Faulty_options_end_the_start_with_all_faults_before_any_node_is_made()
    {
        await using var silo = new SiloUnderTest(builder => builder.UseKubeDnsClustering(options =>
        {
            options.MaxVoters = 2;
            options.StatusPort = -1;
        }));

        var fault = await Assert.ThrowsAsync<OrleansConfigurationException>(() => silo.Host.StartAsync());

        Assert.Contains("ServiceName is not set", fault.Message);
        Assert.Contains("MaxVoters is 2", fault.Message);
        Assert.Contains("StatusPort is -1", fault.Message);
        Assert.False(silo.HasNode);
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_is_told_as_a_configuration_error()
    {
        await using var silo = new SiloUnderTest(
            settings: new Dictionary<string, string?>(Settings) { ["Orleans:Clustering:MaxVoters"] = "many" });

        var fault = await Assert.ThrowsAsync<OrleansConfigurationException>(() => silo.Host.StartAsync());

        Assert.Contains("Orleans:Clustering:MaxVoters", fault.Message);
    }

    [Fact]
    public async Task Secrets_are_redacted_where_orleans_prints_options()
    {
        await using var silo = new SiloUnderTest(builder => builder.UseKubeDnsClustering(options =>
        {
            options.ServiceName = "orleans";
            options.SecretFile = "hunter2";
        }));

        var printed = Assert.Single(
            silo.Host.Services.GetServices<IOptionFormatter>(),
            formatter => formatter.Name == typeof(KubeDnsClusteringOptions).FullName).Format().ToList();

        Assert.Contains(printed, line => line.Contains("ServiceName: orleans"));
        Assert.Contains(printed, line => line.Contains("SecretFile"));
        Assert.DoesNotContain(printed, line => line.Contains("hunter2"));
    }

    [Fact]
    public async Task Being_told_to_stop_ends_the_wait_for_a_cluster()
    {
        await using var silo = new SiloUnderTest(settings: Settings) { HoldJoining = true };
        var starting = silo.Host.StartAsync();
        await Eventually.HoldsAsync(() => silo.Calls.Contains("node joins"));

        silo.Get<IHostApplicationLifetime>().StopApplication();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        Assert.Contains("node begins to stop", silo.Calls);
    }

    [Fact]
    public async Task Probes_are_answered_from_the_start_and_readiness_follows_the_silo()
    {
        var port = FakeNode.FreePort();
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await using var silo = new SiloUnderTest(
            settings: new Dictionary<string, string?>(Settings) { ["Orleans:Clustering:StatusPort"] = $"{port}" })
        {
            HoldJoining = true,
        };
        var starting = silo.Host.StartAsync();
        await Eventually.HoldsAsync(() => silo.Calls.Contains("node joins"));

        Assert.Equal("silo-1 is silent\n", await LineAsync(http, "/startupz"));
        Assert.Equal("live\n", await LineAsync(http, "/livez"));
        Assert.StartsWith("the silo is ", await LineAsync(http, "/readyz"));

        silo.Node.Joining.SetResult();
        await starting;
        Assert.Equal("started\n", await LineAsync(http, "/startupz"));
        Assert.Equal("active\n", await LineAsync(http, "/readyz"));

        var handedOver = new TaskCompletionSource();
        silo.Node.HandingOver = handedOver.Task;
        var stopping = silo.Host.StopAsync();
        await Eventually.HoldsAsync(() => silo.Calls.Contains("node hands over"));
        Assert.Equal("stopping\n", await LineAsync(http, "/readyz"));
        handedOver.SetResult();
        await stopping;
    }

    [Fact]
    public async Task A_hand_over_that_fails_does_not_keep_the_listener_from_closing()
    {
        await using var silo = new SiloUnderTest(settings: Settings);
        await silo.Host.StartAsync();
        silo.Node.HandingOver = Task.FromException(new TimeoutException());

        await silo.Host.StopAsync();

        Assert.Equal("node ends", silo.Calls.Last());
    }

    [Fact]
    public async Task A_version_that_the_node_learned_makes_orleans_read_it_soon()
    {
        await using var silo = new SiloUnderTest(settings: Settings);
        await silo.Host.StartAsync();
        var membership = silo.Get<IClusterMembershipService>();
        var another = new KubeDns.Table.Row(
            new("127.0.0.1", 1, 1), KubeDns.Table.SiloState.Dead, null, 0, "h", "another", null, 0, 0, 1, 1, null, 0);

        var clock = Stopwatch.StartNew();
        Assert.True(silo.Table.Write(new KubeDns.Table.InsertRow(another, silo.Table.Read().Tag)));
        var version = silo.Table.Read().Tag.Version;
        await Eventually.HoldsAsync(() => membership.CurrentSnapshot.Version.Value >= version);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
        await silo.Host.StopAsync();
    }

    [Fact]
    public async Task Two_silos_form_a_cluster_and_one_is_left_when_the_other_stops()
    {
        await using var first = new SiloUnderTest(settings: Settings);
        await using var second = new SiloUnderTest(settings: Settings) { Table = first.Table };
        await first.Host.StartAsync();
        await second.Host.StartAsync();
        var active = first.Get<ISiloStatusOracle>();
        await Eventually.HoldsAsync(() => active.GetActiveSilos().Length == 2);

        await second.Host.StopAsync();

        await Eventually.HoldsAsync(() => active.GetActiveSilos().Length == 1);
        Assert.Equal(
            [second.Node.Self],
            first.Table.Read().Table.Rows.Values
                .Where(row => row.State == KubeDns.Table.SiloState.Dead).Select(row => row.Owner));
        await first.Host.StopAsync();
    }

    [Fact]
    public async Task A_node_that_cannot_start_ends_the_start_and_is_disposed_with_the_host()
    {
        var silo = new SiloUnderTest(settings: Settings) { NodeStartFailure = new IOException("port taken") };

        var fault = await Assert.ThrowsAsync<IOException>(() => silo.Host.StartAsync());
        await silo.DisposeAsync();

        Assert.Equal("port taken", fault.Message);
        Assert.Equal(["node starts", "node ends"], silo.Calls);
    }

    private static async Task<string> LineAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        return await response.Content.ReadAsStringAsync();
    }
}
