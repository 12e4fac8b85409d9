using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Tidy;

/// <summary>ARCHITECTURE.md's table of rooms, held against the namespaces and the using lines of the product.</summary>
public class RoomTests
{
    private const string Product = "Orleans.Clustering.KubeDns";

    private static readonly Dictionary<string, Room> Rooms = new()
    {
        ["Consensus"] = new([$"{Product}.Consensus"], ["Table"], Pure: true),
        ["Table"] = new([$"{Product}.Table"], [], Pure: true),
        ["Dns"] = new([$"{Product}.Dns"], [], Never: ["Orleans", "Microsoft.AspNetCore"]),
        ["Discovery"] = new([$"{Product}.Discovery"], ["Dns"], Never: ["Orleans.Runtime", "Microsoft.AspNetCore"]),
        // Decided: the codec writes the table's values, so Transport sees them (and never the table's rules).
        ["Transport"] = new([$"{Product}.Transport"], ["Consensus", "Table"], Never: ["Orleans"]),
        ["Node"] = new([$"{Product}.Node"], ["Consensus", "Table", "Dns", "Discovery", "Transport"],
            Never: ["Orleans.Runtime", "Orleans.Messaging", "Microsoft.AspNetCore"]),
        ["Membership"] = new([$"{Product}.Membership"], ["Node", "Table", "Discovery"]),
        ["Diagnostics"] = new([$"{Product}.Diagnostics"], ["Dns", "Discovery", "Node", "Transport"]),
        ["Doctor"] = new([$"{Product}.Doctor"], ["Consensus", "Table", "Dns", "Discovery", "Transport"],
            Never: ["Orleans.Runtime", "Microsoft.AspNetCore"]),
        ["Options"] = new(["Orleans.Configuration"], []),
        ["Hosting"] = new(["Orleans.Hosting", $"{Product}.Hosting"],
            ["Consensus", "Table", "Dns", "Discovery", "Transport", "Node", "Membership", "Diagnostics", "Doctor",
                "Options"]),
    };

    /// <summary>What the pure rooms may name: values, collections, text. <c>CoreIsolation</c> holds the rest.</summary>
    private static readonly string[] PureNamespaces =
        ["System", "System.Collections", "System.Linq", "System.Text", "System.Globalization", "System.Net",
            "System.Diagnostics.CodeAnalysis", "System.Runtime.CompilerServices", "System.Numerics", "System.Buffers"];

    [Fact]
    public void Every_file_of_the_product_stands_in_a_room() => Faults.None(
        Files().Where(file => !Rooms.ContainsKey(file.Room)).Select(file => file.Source.Path));

    [Fact]
    public void Every_file_has_the_namespace_of_its_room() => Faults.None(
        from file in Files()
        from name in file.Source.Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>()
        where Rooms.TryGetValue(file.Room, out var room) && !room.Namespaces.Contains(name.Name.ToString())
        select $"{file.Source.Path}: {name.Name}");

    [Fact]
    public void No_room_uses_a_room_that_it_may_not() => Faults.None(
        from file in Files()
        where Rooms.ContainsKey(file.Room)
        from used in Usings(file.Source)
        let other = RoomOf(used)
        where other is not null && other != file.Room && !Rooms[file.Room].Uses.Contains(other)
        select $"{file.Source.Path}: {file.Room} may not use {other}");

    [Fact]
    public void No_room_uses_what_it_never_may() => Faults.None(
        from file in Files()
        where Rooms.ContainsKey(file.Room)
        from used in Usings(file.Source)
        where RoomOf(used) is null && !IsAllowed(Rooms[file.Room], used)
        select $"{file.Source.Path}: {file.Room} may never use {used}");

    private static IEnumerable<(string Room, SourceFile Source)> Files() =>
        from file in SourceTree.CSharp
        let parts = file.Path.Split('/')
        where parts is ["src", Product, _, ..] && parts.Length > 3
        select (parts[2], file);

    private static IEnumerable<string> Usings(SourceFile file) =>
        from line in file.Syntax.DescendantNodes().OfType<UsingDirectiveSyntax>()
        select line.NamespaceOrType.ToString();

    private static string? RoomOf(string used) =>
        Rooms.Keys.FirstOrDefault(room => IsWithin(used, $"{Product}.{room}"));

    private static bool IsAllowed(Room room, string used) => room.Pure
        ? PureNamespaces.Any(allowed => used == allowed || (allowed != "System" && IsWithin(used, allowed)))
        : !(room.Never ?? []).Any(never => IsWithin(used, never));

    private static bool IsWithin(string used, string name) => used == name || used.StartsWith(name + ".");

    private sealed record Room(string[] Namespaces, string[] Uses, bool Pure = false, string[]? Never = null);
}
