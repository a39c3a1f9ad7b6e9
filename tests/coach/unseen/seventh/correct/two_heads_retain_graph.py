# One trunk, two answers: what instrument is it and how loud. Cosine schedule per epoch.
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(91)

n = 500
inst = torch.randint(0, 4, (n,))
loud = torch.randn(n)
timbre = torch.randn(4, 10)
sound = timbre[inst] + loud.unsqueeze(1) * torch.linspace(-1, 1, 10) + 0.3 * torch.randn(n, 10)
sound = (sound - sound[:400].mean(0)) / sound[:400].std(0)
loader = DataLoader(TensorDataset(sound[:400], inst[:400], loud[:400]), batch_size=40, shuffle=True)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(10, 32)
        self.instrument = nn.Linear(32, 4)
        self.loudness = nn.Linear(32, 1)

    def forward(self, x):
        z = F.relu(self.trunk(x))
        return self.instrument(z), self.loudness(z).squeeze(1)


net = TwoHeads()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
grad_inst = 0.0
for epoch in range(10):
    net.train()
    for x, k, v in loader:
        optimizer.zero_grad()
        k_hat, v_hat = net(x)
        loss_k = F.cross_entropy(k_hat, k)
        loss_v = F.mse_loss(v_hat, v)
        # separately, to see how strong each task pulls on the trunk
        loss_k.backward(retain_graph=True)
        grad_inst = net.trunk.weight.grad.norm().item()
        loss_v.backward()
        optimizer.step()
    scheduler.step()
    net.eval()
    with torch.no_grad():
        k_hat, v_hat = net(sound[400:])
        acc = (k_hat.argmax(1) == inst[400:]).float().mean().item()
        mse = F.mse_loss(v_hat, loud[400:]).item()
    print(f"{epoch}: acc {acc:.2f}  mse {mse:.3f}  pull {grad_inst:.3f}  lr {scheduler.get_last_lr()[0]:.4f}")
