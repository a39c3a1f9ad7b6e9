import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def train_scorer(x, y, epochs=5):
    scorer = nn.Sequential(nn.Linear(x.shape[1], 24), nn.ReLU(), nn.Linear(24, 1))
    opt = torch.optim.Adam(scorer.parameters(), lr=3e-3)
    loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)
    for epoch in range(epochs):
        for xb, yb in loader:
            opt.zero_grad()
            loss = F.binary_cross_entropy_with_logits(scorer(xb), yb)
            loss.backward()
            opt.step()
    print(f"scorer trained, last loss {loss.item():.3f}")
    return scorer


def counterfactual(scorer, applicant, steps=60, distance_weight=0.1):
    """Smallest change of the applicant's features that turns the decision around."""
    scorer.eval()
    for p in scorer.parameters():
        p.requires_grad_(False)
    candidate = applicant.clone()  # coach: nothing-requires-grad; fix: requires_grad
    opt = torch.optim.Adam([candidate], lr=0.02)
    wanted = torch.ones(1, 1)
    for step in range(steps):
        opt.zero_grad()
        flip = F.binary_cross_entropy_with_logits(scorer(candidate), wanted)
        loss = flip + distance_weight * (candidate - applicant).abs().sum()
        loss.backward()
        opt.step()
    return candidate.detach()


def main():
    torch.manual_seed(12)
    x = torch.randn(600, 6)
    y = (x[:, :1] + 0.7 * x[:, 1:2] - 0.4 * x[:, 3:4] > 0).float()
    scorer = train_scorer(x, y)
    rejected = x[(y == 0).squeeze(1)][:1]
    changed = counterfactual(scorer, rejected)
    print("change the following:", (changed - rejected).round(decimals=2))


main()
