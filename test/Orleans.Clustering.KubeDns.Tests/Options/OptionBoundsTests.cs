using System.Reflection;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Options;

/// <summary>Every option ends somewhere, on both sides, and the bounds themselves are still good.</summary>
public sealed class OptionBoundsTests
{
    private static readonly Bound[] Numbers =
    [
        new("DiscoveryPort", 1, 65535), new("StatusPort", 0, 65535), new("MinimumSilos", 1, 500),
        new("MaxVoters", 1, 9), Seconds("DnsStaleness", 0, 600), Seconds("ContactTimeout", 1, 600),
        Seconds("OperationTimeout", 0.1, 60), Seconds("TakeoverAfter", 0.05, 30), Seconds("VoterTimeout", 1, 600),
        Seconds("RefusedFor", 0.1, 60), Seconds("RemovedFor", 1, 600), Seconds("NotReadyFor", 1, 3600),
        Seconds("RescueAfter", 0.5, 600), Seconds("StallFence", 0.5, 300), Seconds("FenceAfter", 5, 3600),
    ];

    public static TheoryData<string> SiloNumbers => [.. Numbers.Select(bound => bound.Name)];

    public static TheoryData<string> SiloTexts => [.. Texts<KubeDnsClusteringOptions>()];

    public static TheoryData<string> ClientTexts => [.. Texts<KubeDnsGatewayOptions>()];

    [Fact]
    public void Every_number_and_time_stands_in_the_table_and_a_client_has_none()
    {
        static bool IsNumber(PropertyInfo property) => property.PropertyType == typeof(int)
            || (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(TimeSpan);

        Assert.Equal(
            typeof(KubeDnsClusteringOptions).GetProperties().Where(IsNumber).Select(property => property.Name).Order(),
            Numbers.Select(bound => bound.Name).Order());
        Assert.DoesNotContain(typeof(KubeDnsGatewayOptions).GetProperties(), IsNumber);
    }

    [Fact]
    public void Every_option_is_a_number_a_text_an_enumeration_or_a_switch()
    {
        var rest = typeof(KubeDnsClusteringOptions).GetProperties().Select(property => property.Name)
            .Except(Numbers.Select(bound => bound.Name)).Except(Texts<KubeDnsClusteringOptions>());

        // The first two are checked as enumerations, and of a switch both values are good.
        Assert.Equal(["EndpointNaming", "QuorumLoss", "TrustConnectionRefused"], rest.Order());
        Assert.Empty(typeof(KubeDnsGatewayOptions).GetProperties().Select(property => property.Name)
            .Except(Texts<KubeDnsGatewayOptions>()));
    }

    [Theory]
    [MemberData(nameof(SiloNumbers))]
    public void A_bound_is_good_and_what_lies_beyond_is_told_with_both_bounds(string name)
    {
        var bound = Numbers.Single(each => each.Name == name);

        Assert.Null(SiloFault(name, bound.Least));
        Assert.Null(SiloFault(name, bound.Most));
        foreach (var beyond in bound.Beyond)
        {
            Assert.Matches($@"\(1\) {name} is [^:]+: set it within \S+( s)?–\S+", SiloFault(name, beyond));
        }
    }

    [Theory]
    [MemberData(nameof(SiloTexts))]
    public void A_silos_text_without_end_is_refused_in_a_few_words(string name) =>
        AssertRefused(name, SiloFault(name, Endless<KubeDnsClusteringOptions>(name)));

    [Theory]
    [MemberData(nameof(ClientTexts))]
    public void A_clients_text_without_end_is_refused_in_a_few_words(string name)
    {
        var options = new KubeDnsGatewayOptions { ServiceName = "orleans-ready" };
        typeof(KubeDnsGatewayOptions).GetProperty(name)!.SetValue(options, Endless<KubeDnsGatewayOptions>(name));

        AssertRefused(name, Fault(new KubeDnsGatewayOptionsValidator(MsOptions.Create(options))));
    }

    [Theory]
    [InlineData("kube-dns")]
    [InlineData("53")]
    [InlineData("10.0.0.256")]
    [InlineData("10.0.0.1:65536")]
    [InlineData("")]
    public void A_name_server_is_an_address(string text) =>
        Assert.Contains($"NameServers holds '{text}'", SiloFault("NameServers", new[] { text }));

    [Fact]
    public void No_list_of_name_servers_at_all_is_told() =>
        Assert.Contains("NameServers is null", SiloFault("NameServers", null));

    [Fact]
    public void Both_secrets_in_one_file_are_no_rotation()
    {
        var options = Given();
        options.SecretFile = options.PreviousSecretFile = "/etc/hosts";

        Assert.Contains("PreviousSecretFile equals SecretFile", Fault(Validator(options)));
    }

    private static IEnumerable<string> Texts<TOptions>() => typeof(TOptions).GetProperties()
        .Where(property => property.PropertyType == typeof(string) || property.PropertyType == typeof(IList<string>))
        .Select(property => property.Name);

    private static object Endless<TOptions>(string name)
    {
        var text = new string('x', 1_000_000);
        return typeof(TOptions).GetProperty(name)!.PropertyType == typeof(string) ? text : new[] { text };
    }

    private static void AssertRefused(string name, string? fault)
    {
        Assert.Contains($" {name} ", fault);
        Assert.True(fault!.Length < 1000, $"{fault.Length} characters");
    }

    private static string? SiloFault(string name, object? value)
    {
        var options = Given();
        typeof(KubeDnsClusteringOptions).GetProperty(name)!.SetValue(options, value);

        // These two are also held against each other and against VoterTimeout.
        if (name == "OperationTimeout") options.TakeoverAfter = TimeSpan.FromSeconds(0.05);
        if (name == "TakeoverAfter") (options.OperationTimeout, options.VoterTimeout) = (Minute, Minute);
        if (name == "VoterTimeout") options.TakeoverAfter = TimeSpan.FromSeconds(0.05);
        return Fault(Validator(options));
    }

    private static TimeSpan Minute => TimeSpan.FromMinutes(1);

    private static KubeDnsClusteringOptions Given() => new() { ServiceName = "orleans" };

    private static KubeDnsClusteringOptionsValidator Validator(KubeDnsClusteringOptions options) =>
        new(MsOptions.Create(options), MsOptions.Create(new EndpointOptions()));

    private static string? Fault(IConfigurationValidator validator) =>
        Record.Exception(validator.ValidateConfiguration) is { } fault
            ? Assert.IsType<OrleansConfigurationException>(fault).Message : null;

    private static Bound Seconds(string name, double least, double most) =>
        new(name, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most));

    private sealed record Bound(string Name, object Least, object Most)
    {
        public IEnumerable<object> Beyond => (Least, Most) is (TimeSpan least, TimeSpan most)
            ? [least - TimeSpan.FromMilliseconds(1), most + TimeSpan.FromMilliseconds(1), TimeSpan.MaxValue]
            : [(int)Least - 1, (int)Most + 1, int.MinValue, int.MaxValue];
    }
}
