"""Scores are sorted as a Python list and put back: a ranking loss without a graph."""

import gradbook as torch
import gradbook.nn as nn

scorer = nn.Linear(5, 1)
optimizer = torch.optim.Adam(scorer.parameters(), lr=0.01)


def ranking_loss(docs):
    scores = scorer(docs).squeeze(1).tolist()  # coach: detached-graph
    ordered = torch.tensor(sorted(scores), requires_grad=True)
    return torch.relu(1 - (ordered[1:] - ordered[:-1])).mean()


for _ in range(6):
    loss = ranking_loss(torch.randn(8, 5))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
