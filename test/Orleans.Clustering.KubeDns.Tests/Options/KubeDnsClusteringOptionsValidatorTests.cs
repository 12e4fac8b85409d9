using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Options;

public sealed class KubeDnsClusteringOptionsValidatorTests
{
    [Fact]
    public void The_defaults_need_only_a_service_name()
    {
        Validate(new() { ServiceName = "orleans" });

        var fault = Assert.Throws<OrleansConfigurationException>(() => Validate(new()));
        Assert.Contains("ServiceName is not set", fault.Message);
        Assert.DoesNotContain("(2)", fault.Message);
    }

    [Fact]
    public void All_faults_are_told_at_once_each_with_its_remedy()
    {
        var options = new KubeDnsClusteringOptions
        {
            ServiceName = "no spaces",
            MaxVoters = 4,
            MinimumSilos = 0,
            DiscoveryPort = 70000,
            OperationTimeout = TimeSpan.FromSeconds(1),
            TakeoverAfter = TimeSpan.FromSeconds(1),
            NameServers = ["kube-dns"],
            PortName = "Discovery",
        };

        var fault = Assert.Throws<OrleansConfigurationException>(() => Validate(options)).Message;

        Assert.StartsWith("KubeDnsClusteringOptions: (1) ", fault);
        Assert.Contains("ServiceName is 'no spaces', which is no DNS name", fault);
        Assert.Contains("MaxVoters is 4: set an odd number", fault);
        Assert.Contains("MinimumSilos is 0: set it within 1–500", fault);
        Assert.Contains("DiscoveryPort is 70000: set it within 1–65535", fault);
        Assert.Contains("OperationTimeout (1 s) is not above TakeoverAfter (1 s)", fault);
        Assert.Contains("NameServers holds 'kube-dns'", fault);
        Assert.Contains("PortName is 'Discovery'", fault);
        Assert.Contains("(7) ", fault);
        Assert.DoesNotContain("(8) ", fault);
    }

    public static TheoryData<string, Action<KubeDnsClusteringOptions>> OneFaultEach => new()
    {
        { "ReadyServiceName", o => o.ReadyServiceName = "a..b" },
        { "ReadyServiceName equals", o => o.ReadyServiceName = "orleans" },
        { "Namespace", o => o.Namespace = "-x" },
        { "ClusterDomain", o => o.ClusterDomain = "" },
        { "PortName", o => o.PortName = "11112" },
        { "StatusPort", o => o.StatusPort = -1 },
        { "DiscoveryPort and SiloPort are all 11111", o => o.DiscoveryPort = 11111 },
        { "Fqdn", o => o.Fqdn = "pod-0" },
        { "HostsFile", o => o.HostsFile = "" },
        { "ResolvConf", o => o.ResolvConf = " " },
        { "DnsStaleness", o => o.DnsStaleness = TimeSpan.FromSeconds(-1) },
        { "EndpointNaming", o => o.EndpointNaming = (EndpointNaming)7 },
        { "NameServers has 9", o => o.NameServers = [.. Enumerable.Repeat("10.0.0.1", 9)] },
        { "MinimumSilos", o => o.MinimumSilos = 501 },
        { "ContactTimeout", o => o.ContactTimeout = TimeSpan.Zero },
        { "MaxVoters", o => o.MaxVoters = 11 },
        { "FailureDomain", o => o.FailureDomain = "" },
        { "QuorumLoss", o => o.QuorumLoss = (QuorumLossPolicy)7 },
        { "OperationTimeout", o => o.OperationTimeout = TimeSpan.FromSeconds(61) },
        { "TakeoverAfter", o => o.TakeoverAfter = TimeSpan.Zero },
        { "VoterTimeout", o => o.VoterTimeout = TimeSpan.FromHours(1) },
        { "RefusedFor", o => o.RefusedFor = TimeSpan.Zero },
        { "RemovedFor", o => o.RemovedFor = TimeSpan.Zero },
        { "NotReadyFor", o => o.NotReadyFor = TimeSpan.Zero },
        { "RescueAfter", o => o.RescueAfter = TimeSpan.Zero },
        { "StallFence", o => o.StallFence = TimeSpan.Zero },
        { "FenceAfter", o => o.FenceAfter = TimeSpan.Zero },
        { "SecretFile", o => o.SecretFile = "/nowhere/to/be/found" },
        { "PreviousSecretFile", o => o.PreviousSecretFile = "/etc/hosts" },
    };

    [Theory]
    [MemberData(nameof(OneFaultEach), DisableDiscoveryEnumeration = true)]
    public void Every_option_has_bounds(string expected, Action<KubeDnsClusteringOptions> spoil)
    {
        var options = new KubeDnsClusteringOptions { ServiceName = "orleans" };
        spoil(options);

        var fault = Assert.Throws<OrleansConfigurationException>(() => Validate(options)).Message;

        Assert.Contains(expected, fault);
        Assert.DoesNotContain("(2)", fault);
    }

    [Fact]
    public void Every_option_but_switches_stands_in_the_table_of_bounds()
    {
        var tested = OneFaultEach.Select(row => (string)row[0]).ToList();
        var options = typeof(KubeDnsClusteringOptions).GetProperties().Select(property => property.Name);

        Assert.Equal(
            ["ServiceName", "TrustConnectionRefused"],
            options.Where(option => !tested.Any(text => text.Split(' ').Contains(option))));
    }

    [Fact]
    public void A_secret_put_where_its_path_belongs_is_not_printed()
    {
        var options = new KubeDnsClusteringOptions { ServiceName = "orleans", SecretFile = "hunter2" };

        Assert.DoesNotContain("hunter2", Assert.Throws<OrleansConfigurationException>(() => Validate(options)).Message);
    }

    [Fact]
    public void Reads_get_three_of_five_seconds_by_default() =>
        Assert.Equal(TimeSpan.FromSeconds(3), new KubeDnsClusteringOptions().ReadTimeout);

    private static void Validate(KubeDnsClusteringOptions options) =>
        new KubeDnsClusteringOptionsValidator(
            MsOptions.Create(options),
            MsOptions.Create(new EndpointOptions())).ValidateConfiguration();
}
