using Xunit;
using YamlDotNet.RepresentationModel;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>Holds <c>k8s/common.yaml</c> against what the discovery code looks for.</summary>
public class ServiceTests
{
    private const string Common = "k8s/common.yaml";

    [Theory]
    [InlineData("orleans", true)]
    [InlineData("orleans-ready", false)]
    public void Both_services_are_headless_and_differ_in_what_they_publish(string name, bool publishNotReady)
    {
        var service = Manifest.Single(Common, "Service", name);

        Assert.Equal("None", service.Text("spec.clusterIP"));
        Assert.Equal("SingleStack", service.Text("spec.ipFamilyPolicy"));
        Assert.Equal(publishNotReady, service.Text("spec.publishNotReadyAddresses") == "true");
    }

    [Fact]
    public void The_discovery_service_has_the_discovery_port_alone() =>
        Assert.Equal([(Defaults.DiscoveryPortName, Defaults.DiscoveryPort)], Ports("orleans"));

    [Fact]
    public void The_ready_service_has_the_discovery_and_the_gateway_port() => Assert.Equal(
        [(Defaults.DiscoveryPortName, Defaults.DiscoveryPort), (Defaults.GatewayPortName, Defaults.GatewayPort)],
        Ports("orleans-ready"));

    [Theory]
    [InlineData("orleans")]
    [InlineData("orleans-ready")]
    public void Target_ports_are_named_so_that_pods_without_them_stay_out(string name)
    {
        foreach (var port in Manifest.Single(Common, "Service", name).List("spec.ports"))
        {
            Assert.Equal(port.Text("name"), port.Text("targetPort"));
        }
    }

    [Theory]
    [InlineData("k8s/statefulset.yaml")]
    [InlineData("k8s/deployment.yaml")]
    public void Services_budget_and_policy_select_the_pods_by_their_own_labels(string workload)
    {
        var labels = Manifest.Workload(workload).Map("spec.template.metadata.labels");

        foreach (var (kind, name, path) in Selectors())
        {
            var selector = Manifest.Single(Common, kind, name).Map(path);
            Assert.All(selector, pair => Assert.Equal(pair.Value, labels[pair.Key]));
        }
    }

    [Fact]
    public void A_drain_takes_one_silo_at_a_time_and_does_not_wait_for_a_sick_one()
    {
        var budget = Manifest.Single(Common, "PodDisruptionBudget", "siloapp");

        Assert.Equal(1, budget.Number("spec.maxUnavailable"));
        Assert.Equal("AlwaysAllow", budget.Text("spec.unhealthyPodEvictionPolicy"));
    }

    [Fact]
    public void The_policy_lets_silos_reach_silos_and_clients_reach_gateways()
    {
        var ingress = Manifest.Single(Common, "NetworkPolicy", "siloapp").List("spec.ingress");

        Assert.Equal([Defaults.SiloPort, Defaults.DiscoveryPort], Numbers(FromPods(ingress, "app", "siloapp")));
        Assert.Equal([Defaults.GatewayPort], Numbers(FromPods(ingress, "orleans-client", "true")));
    }

    [Fact]
    public void The_policy_lets_silos_ask_DNS_by_UDP_and_TCP()
    {
        var egress = Manifest.Single(Common, "NetworkPolicy", "siloapp").List("spec.egress");
        var dns = egress.Single(rule => Numbers(rule).All(port => port == 53)).List("ports");

        Assert.Equal(["UDP", "TCP"], dns.Select(port => port.Text("protocol")));
    }

    private static IEnumerable<(string Kind, string Name, string Path)> Selectors() =>
    [
        ("Service", "orleans", "spec.selector"),
        ("Service", "orleans-ready", "spec.selector"),
        ("Service", "siloapp", "spec.selector"),
        ("PodDisruptionBudget", "siloapp", "spec.selector.matchLabels"),
        ("NetworkPolicy", "siloapp", "spec.podSelector.matchLabels"),
    ];

    private static IEnumerable<(string, int)> Ports(string service) => Manifest.Single(Common, "Service", service)
        .List("spec.ports").Select(port => (port.Text("name")!, port.Number("port")));

    private static IEnumerable<int> Numbers(YamlNode rule) => rule.List("ports").Select(port => port.Number("port"));

    private static YamlNode FromPods(IEnumerable<YamlNode> rules, string label, string value) => rules.Single(rule =>
        rule.List("from") is [var peer] && peer.Map("podSelector.matchLabels").GetValueOrDefault(label) == value);
}
