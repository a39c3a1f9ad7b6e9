import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
use_amp = True
device = "cpu"

x = torch.randn(256, 20)
y = (x[:, 0] * 2 - x[:, 1] + 0.5 * x[:, 2] > 0).long()
train_loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2)).to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()
scaler = torch.amp.GradScaler(device, enabled=use_amp, init_scale=1024.0)

for epoch in range(5):
    for data, target in train_loader:
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type=device, dtype=torch.float16, enabled=use_amp):
            output = model(data)
            loss = loss_fn(output, target)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    print(f"Epoch {epoch + 1}, Loss: {loss.item():.4f}")
