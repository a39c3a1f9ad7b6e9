"""ReduceLROnPlateau driven by the validation loss."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.rand(260, 3) * 2 - 1
y = (x.prod(1, keepdim=True) * 4) + 0.05 * torch.randn(260, 1)
tx, ty, vx, vy = x[:200], y[:200], x[200:], y[200:]
model = nn.Sequential(nn.Linear(3, 32), nn.GELU(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)


def train_one_epoch():
    model.train()
    for idx in torch.randperm(200).split(40):
        optimizer.zero_grad()
        F.mse_loss(model(tx[idx]), ty[idx]).backward()
        optimizer.step()


@torch.inference_mode()
def validate():
    model.eval()
    return F.mse_loss(model(vx), vy).item()


for epoch in range(18):
    train_one_epoch()
    val = validate()
    scheduler.step(val)
    if epoch % 4 == 0 or epoch == 17:
        print(epoch, f"val {val:.4f} lr {optimizer.param_groups[0]['lr']:.4f}")
