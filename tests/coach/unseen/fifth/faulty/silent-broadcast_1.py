import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(8)
n = 512
claims = torch.randn(n, 9)
fraud = ((claims[:, 0] + claims[:, 4] - 0.5 * claims[:, 7]) > 0.4).float().view(-1, 1)
# customers report how much each case is worth
worth = 0.5 + torch.rand(n)

clf = nn.Sequential(nn.Linear(9, 24), nn.ReLU(), nn.Linear(24, 1))
opt = torch.optim.Adam(clf.parameters(), lr=5e-3)
B = 64

for epoch in range(5):
    p = torch.randperm(n)
    seen = 0.0
    for s in range(0, n, B):
        j = p[s:s + B]
        logits = clf(claims[j])
        each = F.binary_cross_entropy_with_logits(logits, fraud[j], reduction="none")
        loss = (each * worth[j]).mean()  # coach: silent-broadcast; fix: squeeze(
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen += loss.item()
    print(f"epoch {epoch} weighted loss {seen / (n // B):.4f}")
