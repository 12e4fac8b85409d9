using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Options;

/// <summary>
/// <c>ProviderType</c> <c>KubeDns</c> alone: every option from a settings file and from the environment.
/// </summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void Every_option_stands_in_the_samples_with_its_default_and_another_value()
    {
        Complete<KubeDnsClusteringOptions>(OptionSample.Silo);
        Complete<KubeDnsGatewayOptions>(OptionSample.Client);
    }

    [Fact]
    public void Every_option_of_a_silo_is_read_from_a_settings_file() => AssertRead<KubeDnsClusteringOptions>(
        OptionSample.Silo, ConfiguredHost.Silo(ConfiguredHost.Json(Json(OptionSample.Silo))));

    [Fact]
    public void Every_option_of_a_silo_is_read_from_the_environment() => AssertRead<KubeDnsClusteringOptions>(
        OptionSample.Silo, ConfiguredHost.Silo(Environment(OptionSample.Silo)));

    [Fact]
    public void Every_option_of_a_client_is_read_from_a_settings_file() => AssertRead<KubeDnsGatewayOptions>(
        OptionSample.Client, ConfiguredHost.Client(ConfiguredHost.Json(Json(OptionSample.Client))));

    [Fact]
    public void Every_option_of_a_client_is_read_from_the_environment() => AssertRead<KubeDnsGatewayOptions>(
        OptionSample.Client, ConfiguredHost.Client(Environment(OptionSample.Client)));

    [Fact]
    public void The_provider_type_chooses_the_table_and_the_gateway_list()
    {
        var settings = ConfiguredHost.Json("""{ "ProviderType": "KubeDns", "ServiceName": "orleans" }""");

        Assert.IsType<KubeDnsMembershipTable>(
            ConfiguredHost.Silo(settings).Services.GetRequiredService<IMembershipTable>());
        Assert.IsType<KubeDnsGatewayListProvider>(
            ConfiguredHost.Client(settings).Services.GetRequiredService<IGatewayListProvider>());
    }

    [Theory]
    [InlineData("10.96.0.10")]
    [InlineData("10.96.0.10,[fd00::a]:53")]
    [InlineData(" 10.96.0.10 ; [fd00::a]:53 ")]
    public void Name_servers_may_be_one_text(string text)
    {
        var expected = text.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries);
        var variables = new[] { ("Orleans__Clustering__NameServers", text) };
        var json = ConfiguredHost.Json($$"""{ "ProviderType": "KubeDns", "NameServers": "{{text}}" }""");

        Assert.Equal(expected, Silo(ConfiguredHost.Environment(variables)).NameServers);
        Assert.Equal(expected, Silo(json).NameServers);
        Assert.Equal(
            expected, ConfiguredHost.Client(json).Options<KubeDnsGatewayOptions>().NameServers);
    }

    [Fact]
    public void The_environment_goes_before_a_settings_file_a_list_whole()
    {
        var options = Silo(builder =>
        {
            ConfiguredHost.Json("""
                { "ProviderType": "KubeDns", "MaxVoters": 7, "MinimumSilos": 3,
                  "NameServers": ["10.0.0.1", "10.0.0.2"] }
                """)(builder);
            ConfiguredHost.Environment(
            [
                ("Orleans__Clustering__MaxVoters", "3"), ("Orleans__Clustering__NameServers", "10.0.0.3"),
            ])(builder);
        });

        Assert.Equal((3, 3), (options.MaxVoters, options.MinimumSilos));
        Assert.Equal(["10.0.0.3"], options.NameServers);
    }

    [Fact]
    public void What_a_settings_file_leaves_null_or_empty_keeps_its_default()
    {
        var options = Silo(ConfiguredHost.Json("""
            { "ProviderType": "KubeDns", "MaxVoters": null, "PortName": null, "NameServers": null, "DnsStaleness": null,
              "ContactTimeout": null }
            """));
        var empty = Silo(ConfiguredHost.Json("""{ "ProviderType": "KubeDns", "NameServers": [] }"""));

        Assert.Equal((5, "discovery"), (options.MaxVoters, options.PortName));
        Assert.Equal(TimeSpan.FromSeconds(30), options.ContactTimeout);
        Assert.Null(options.DnsStaleness);
        Assert.Empty(options.NameServers);
        Assert.Empty(empty.NameServers);
    }

    [Fact]
    public async Task All_that_cannot_be_read_is_told_at_once_beside_all_that_is_out_of_bounds()
    {
        var host = ConfiguredHost.Silo(ConfiguredHost.Environment(
        [
            ("Orleans__Clustering__MaxVoters", "many"),
            ("Orleans__Clustering__ContactTimeout", "5 s"),
            ("Orleans__Clustering__OperationTimeout", "5"),
            ("Orleans__Clustering__QuorumLoss", "Maybe"),
            ("Orleans__Clustering__TrustConnectionRefused", "on"),
            ("Orleans__Clustering__NameServers", "kube-dns"),
            ("Orleans__Clustering__StatusPort__0", "11113"),
        ]));

        var fault = (await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync())).Message;

        Assert.All(
            [
                "MaxVoters is 'many': write a whole number",
                "ContactTimeout is '5 s': write hours:minutes:seconds, such as 00:00:05",
                "OperationTimeout is 432000 s: set it within 0.1 s–60 s (a bare number counts days: write 00:00:05)",
                "QuorumLoss is 'Maybe': write one of FollowKubernetes, Wait",
                "TrustConnectionRefused is 'on': write true or false",
                "StatusPort is a list or a section: write a whole number",
                "NameServers holds 'kube-dns'",
                "ServiceName is not set",
                "(8) ",
            ],
            text => Assert.Contains(text, fault));
        Assert.DoesNotContain("(9) ", fault);
    }

    [Fact]
    public async Task A_client_is_held_to_its_bounds_likewise()
    {
        var host = ConfiguredHost.Client(ConfiguredHost.Json("""
            { "ProviderType": "KubeDns", "PortName": "30000", "Namespace": "a b", "NameServers": "1234" }
            """));

        var fault = (await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync())).Message;

        Assert.All(
            ["ServiceName is not set", "PortName is '30000'", "Namespace is 'a b'", "NameServers holds '1234'", "(4) "],
            text => Assert.Contains(text, fault));
    }

    private static KubeDnsClusteringOptions Silo(Action<IConfigurationBuilder> configure) =>
        ConfiguredHost.Silo(configure).Options<KubeDnsClusteringOptions>();

    private static void Complete<TOptions>(OptionSample[] samples)
        where TOptions : new()
    {
        var properties = typeof(TOptions).GetProperties();
        Assert.Equal(properties.Select(property => property.Name).Order(), samples.Select(each => each.Name).Order());
        var unset = new TOptions();
        foreach (var sample in samples)
        {
            Assert.Equal(sample.Default, typeof(TOptions).GetProperty(sample.Name)!.GetValue(unset));
            Assert.NotEqual(sample.Default, sample.Value);
        }
    }

    private static void AssertRead<TOptions>(OptionSample[] samples, IHost host)
        where TOptions : class
    {
        var options = host.Options<TOptions>();
        Assert.All(samples, sample =>
            Assert.Equal(sample.Value, typeof(TOptions).GetProperty(sample.Name)!.GetValue(options)));
    }

    private static string Json(IEnumerable<OptionSample> samples)
    {
        var section = new JsonObject { ["ProviderType"] = "KubeDns" };
        foreach (var sample in samples) section[sample.Name] = sample.Json;
        return section.ToJsonString();
    }

    private static Action<IConfigurationBuilder> Environment(IEnumerable<OptionSample> samples) =>
        ConfiguredHost.Environment(samples.SelectMany(sample => sample.Environment));
}
