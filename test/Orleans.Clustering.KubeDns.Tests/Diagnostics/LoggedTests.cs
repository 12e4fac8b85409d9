using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>
/// Each log event, told by running code: in scenes that are played once for all the tests here, whichever asks first.
/// </summary>
public sealed class LoggedTests
{
    // These are given the name of a node's event, which the text begins with.
    private static readonly string[] Naming = ["LogChange", "LogWarning", "LogError", "LogEnding"];

    private static readonly Scenes<LogLine> NodeScenes = new(
        Of<LogLine>(typeof(LogScenes)).Concat(Of<LogLine>(typeof(LostMajorityLogScenes))));

    private static readonly Scenes<int> OtherScenes = new(Of<int>(typeof(LogScenesOfOtherRooms)));

    public static TheoryData<string> Names => [.. NodeScenes.Names.Concat(OtherScenes.Names)];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_told(string scene) =>
        NodeScenes.Has(scene) ? NodeScenes.PlayAsync(scene) : OtherScenes.PlayAsync(scene);

    [Fact]
    public async Task No_event_is_without_a_scene_that_heard_it()
    {
        var heard = (await NodeScenes.SeenAsync()).Select(line => line.Id).Concat(await OtherScenes.SeenAsync());

        Assert.Empty(Declared().Except(heard));
    }

    [Fact]
    public async Task No_name_of_a_nodes_event_is_without_a_scene_that_heard_it()
    {
        var heard = (await NodeScenes.SeenAsync()).Where(line => line.Level > LogLevel.Debug)
            .Select(line => line.Text.Split(':')[0]);
        var names = EventNames();

        Assert.Contains("Founding", names);
        Assert.Contains("SelfUnlisted", names);
        Assert.Empty(names.Except(heard));
    }

    [Fact]
    public void No_two_events_have_one_number() =>
        Assert.Equal(Declared().Order(), Declared().Distinct().Order());

    private static IEnumerable<int> Declared() =>
        from type in typeof(Metrics).Assembly.GetTypes()
        from method in type.GetMethods(
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic
            | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        select attribute.EventId;

    // Those that are given in so many words to a method that names its event, and those of the machine's traces that
    // are told; Debug lines have no list.
    private static HashSet<string> EventNames()
    {
        var node = SourceTree.CSharp.Where(file => file.Path.Contains("src/")
            && file.Path.Contains("/Node/ReplicaNode.")).SelectMany(file => file.Syntax.DescendantNodes()).ToList();
        var calls = node.OfType<InvocationExpressionSyntax>()
            .Where(call => call.Expression is IdentifierNameSyntax name && Naming.Contains(name.Identifier.Text))
            .SelectMany(call => Words(call.ArgumentList.Arguments[0]));
        var traces = node.OfType<MethodDeclarationSyntax>().Single(method => method.Identifier.Text == "OnTrace")
            .DescendantNodes().OfType<SwitchSectionSyntax>().SelectMany(section => section.Labels.SelectMany(Words));
        return [.. calls, .. traces];
    }

    private static IEnumerable<string> Words(SyntaxNode node) =>
        node.DescendantNodes().OfType<LiteralExpressionSyntax>().Select(literal => literal.Token.ValueText);

    private static IEnumerable<Func<Task<IEnumerable<T>>>> Of<T>(Type place) => place
        .GetMethods(BindingFlags.Static | BindingFlags.Public)
        .Select(method => method.CreateDelegate<Func<Task<IEnumerable<T>>>>());
}
