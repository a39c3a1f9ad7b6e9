import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Cosine(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(dim, 24), nn.ReLU(), nn.Linear(24, 16))
        self.prototypes = nn.Parameter(torch.randn(classes, 16))

    def forward(self, x):
        z = F.normalize(self.body(x), dim=0)  # coach: batch-leak; fix: dim=1
        return 10 * z @ F.normalize(self.prototypes, dim=1).t()


cosine = Cosine(9, 5)
adamw = torch.optim.AdamW(cosine.parameters(), lr=3e-3)
for i in range(10):
    xb = torch.randn(32, 9)
    yb = xb[:, :5].argmax(1)
    adamw.zero_grad()
    F.cross_entropy(cosine(xb), yb).backward()  # coach-also: batch-axis-mixed
    adamw.step()
