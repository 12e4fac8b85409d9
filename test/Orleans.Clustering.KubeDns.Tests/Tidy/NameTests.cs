using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Tidy;

/// <summary>A type says what it is; these words say only that nobody knew.</summary>
public partial class NameTests
{
    private static readonly string[] Banned = ["Util", "Utils", "Helper", "Helpers", "Manager", "Base", "Impl"];

    [Fact]
    public void No_type_is_named_by_a_word_that_says_nothing() => Faults.None(
        from file in SourceTree.CSharp
        from type in file.Syntax.DescendantNodes().OfType<BaseTypeDeclarationSyntax>()
        from word in Words().Matches(type.Identifier.Text).Select(match => match.Value)
        where Banned.Contains(word)
        select $"{file.Path}: {type.Identifier.Text}");

    [Fact]
    public void Every_namespace_is_file_scoped() => Faults.None(
        from file in SourceTree.CSharp
        from name in file.Syntax.DescendantNodes().OfType<NamespaceDeclarationSyntax>()
        select $"{file.Path}: {name.Name}");

    [Theory]
    [InlineData("StringUtils", "Utils")]
    [InlineData("ManagerOfSilos", "Manager")]
    [InlineData("TableBase", "Base")]
    public void A_banned_word_is_found_wherever_it_stands(string name, string word) =>
        Assert.Contains(word, Words().Matches(name).Select(match => match.Value));

    [Fact]
    public void A_word_that_only_begins_alike_is_no_banned_one() =>
        Assert.DoesNotContain(Words().Matches("BaselineDatabase").Select(match => match.Value), Banned.Contains);

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")]
    private static partial Regex Words();
}
