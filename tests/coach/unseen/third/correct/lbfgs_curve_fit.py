import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(1)

# damped oscillation, three unknowns, measured with noise
t = torch.linspace(0, 3, 120)
truth = dict(amp=1.5, decay=0.6, freq=4.0)
signal = truth["amp"] * torch.exp(-truth["decay"] * t) * torch.cos(truth["freq"] * t)
measured = signal + 0.03 * torch.randn(120)

amp = torch.tensor(1.0, requires_grad=True)
decay = torch.tensor(0.3, requires_grad=True)
freq = torch.tensor(3.6, requires_grad=True)


def predict():
    return amp * torch.exp(-decay * t) * torch.cos(freq * t)


solver = torch.optim.LBFGS([amp, decay, freq], lr=0.8, max_iter=5, line_search_fn="strong_wolfe")


def closure():
    solver.zero_grad()
    objective = F.mse_loss(predict(), measured)
    objective.backward()
    return objective


for outer in range(6):
    value = solver.step(closure)
    print(f"step {outer}: mse {value.item():.5f}")

with torch.no_grad():
    residual = (predict() - signal).abs().max().item()
print(f"amp {amp.item():.3f} decay {decay.item():.3f} freq {freq.item():.3f}, largest error {residual:.4f}")
