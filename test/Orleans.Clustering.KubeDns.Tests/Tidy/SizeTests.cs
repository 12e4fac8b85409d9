using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Tidy;

/// <summary>The sizes that the house keeps: small enough to read one thing at a time.</summary>
public class SizeTests
{
    private const int LongestFile = 400;
    private const int LongestMethod = 70;
    private const int LongestLine = 120;

    [Fact]
    public void No_file_is_longer_than_400_lines() => Faults.None(SourceTree.CSharp
        .Where(file => file.Lines.Length > LongestFile)
        .Select(file => $"{file.Path}: {file.Lines.Length} lines"));

    [Fact]
    public void No_method_is_longer_than_70_lines() => Faults.None(
        from file in SourceTree.CSharp
        from method in Methods(file.Syntax)
        let length = SourceFile.Length(method)
        where length > LongestMethod
        select $"{file.Path}: {Name(method)} has {length} lines");

    [Fact]
    public void Top_level_statements_are_no_longer_than_a_method() => Faults.None(
        from file in SourceTree.CSharp
        let length = file.Syntax.Members.OfType<GlobalStatementSyntax>().Sum(SourceFile.Length)
        where length > LongestMethod
        select $"{file.Path}: {length} lines of top-level statements");

    [Fact]
    public void No_line_is_longer_than_120_characters() => Faults.None(
        from file in SourceTree.CSharp
        from line in file.Lines.Select((text, index) => (text, number: index + 1))
        where line.text.TrimEnd('\r').Length > LongestLine
        select $"{file.Path}:{line.number}: {line.text.Length} characters");

    private static IEnumerable<SyntaxNode> Methods(SyntaxNode file) => file.DescendantNodes().Where(
        node => node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or LocalFunctionStatementSyntax);

    private static string Name(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        _ => node.ToString().Split('\n')[0].Trim(),
    };
}
