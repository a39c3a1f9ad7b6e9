import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(71)


class TwoTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(9, 32), nn.Tanh(), nn.Linear(32, 24), nn.Tanh())
        self.depth = nn.Linear(24, 1)
        self.label = nn.Linear(24, 3)

    def forward(self, x):
        h = self.shared(x)
        return self.depth(h), self.label(h)


x = torch.randn(240, 9)
depth = torch.sin(x[:, :1]) + 0.3 * x[:, 1:2]
label = torch.bucketize(x[:, 2] + 0.5 * x[:, 3], torch.tensor([-0.45, 0.45]))
loader = DataLoader(TensorDataset(x, depth, label), batch_size=20, shuffle=True)
model = TwoTask()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
last_shared = model.shared[2].weight
weight_depth = 1.0
for epoch in range(8):
    model.train()
    for i, (xb, db, lb) in enumerate(loader):
        pred_d, pred_l = model(xb)
        loss_d, loss_l = F.mse_loss(pred_d, db), F.cross_entropy(pred_l, lb)
        if i % 4 == 0:  # rebalance now and then, by the size of the gradients that reach the trunk
            g_d = torch.autograd.grad(loss_d, last_shared, retain_graph=True)[0].norm()
            g_l = torch.autograd.grad(loss_l, last_shared, retain_graph=True)[0].norm()
            ratio = (g_l / (g_d + 1e-8)).clamp(0.2, 5.0).item()
            weight_depth = 0.9 * weight_depth + 0.1 * ratio
        opt.zero_grad()
        (weight_depth * loss_d).backward(retain_graph=True)
        loss_l.backward()
        opt.step()
    print(f"epoch {epoch} depth {loss_d.item():.3f} label {loss_l.item():.3f} weight {weight_depth:.2f}")
