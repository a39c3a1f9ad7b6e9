import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


class GatedMixture(nn.Module):
    def __init__(self, dim, n_experts, n_classes):
        super().__init__()
        self.gate = nn.Linear(dim, n_experts)
        self.w = nn.Parameter(torch.randn(n_experts, dim, n_classes) * dim ** -0.5)
        self.b = nn.Parameter(torch.zeros(n_experts, n_classes))

    def forward(self, x):
        g = self.gate(x).softmax(dim=1)
        per_expert = torch.einsum("bd,edc->bec", x, self.w) + self.b
        mixed = torch.einsum("be,bec->bc", g, per_expert)
        return mixed.softmax(dim=1)  # coach: softmax-before-cross-entropy; fix: return mixed


x = torch.randn(480, 8)
y = ((x[:, 0] > 0).long() * 2 + (x[:, 1] * x[:, 0].sign() > 0).long())
dl = DataLoader(TensorDataset(x, y), batch_size=48, shuffle=True)
model = GatedMixture(8, 4, 4)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
crit = nn.CrossEntropyLoss()
for epoch in range(8):
    seen = good = 0
    for xb, yb in dl:
        out = model(xb)
        loss = crit(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        good += (out.argmax(1) == yb).sum().item()
        seen += len(yb)
    print(f"{epoch}: loss {loss.item():.3f} acc {good / seen:.3f}")
